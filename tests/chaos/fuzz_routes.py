"""Mutated, truncated and bombed bodies to every route that takes one: `python -m tests.chaos.fuzz_routes`.

No answer may be a 5xx, every refusal must say what is wrong, no process may die, the API may not grow by more than
300 MB, an ingest process by more than its setting, and no request may take more than 5 s. A case is known by its seed
and number: `--only NUMBER` sends one alone and prints it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from functools import partial

import httpx

from service.client import Client
from tests.chaos.fuzz_predict import sent, train
from tests.chaos.fuzzing import API, API_MB, INGEST, Findings, Outcome, Watch, chosen, ingest_mb, send_all, stack
from tests.chaos.route_cases import BOMBS, Route, request, routes

MOST_SECONDS = 5.0


def fuzz(url: str, numbers: Sequence[int], seed: int) -> Findings:
    """Send the cases, several at once, and wait until all that was taken is read."""
    for _, _, make in BOMBS.values():  # some take seconds, which are not the server's
        make()
    with Client(url) as client:
        all_of = routes(client.upload(b"x,y\n1,2\n2,4\n3,6\n", name="fuzzed").id)
        findings = send_all(url, numbers, partial(_sent, seed, all_of))
        _until_read(url)
    return findings


def _sent(seed: int, all_of: Sequence[Route], http: httpx.Client, number: int) -> Outcome:
    return sent(http, request(seed, number, all_of))


def _until_read(url: str) -> None:
    with httpx.Client(base_url=url, timeout=60) as http:
        after = ""
        while True:
            page = http.get("/v1/datasets", params={"limit": 100, **({"after": after} if after else {})}).json()
            for one in page["data"]:
                while one["state"] == "ingesting":
                    answer = http.get(f"/v1/datasets/{one['id']}", headers={"Prefer": "wait=10"})
                    one = answer.json() if answer.is_success else {"state": "gone"}
            if not page["has_more"]:
                return
            after = page["next"]


def main() -> int:
    numbers, seed = chosen(__doc__, lambda seed, number: request(seed, number, routes("ds_of_the_run")))
    with stack() as (url, running):
        train(url)
        began = time.monotonic()
        with Watch(running) as watch:
            findings = fuzz(url, numbers, seed)
        findings.print(time.monotonic() - began)
        watch.print()
        grown = {"the API": (watch.grown(API), API_MB), "ingest": (watch.grown(INGEST), ingest_mb())}
        for what, (megabytes, most) in grown.items():
            print(f"{what} grew by {megabytes:.0f} MB at most; it may by {most:.0f}")
        is_within = all(megabytes <= most for megabytes, most in grown.values())
        is_soon = findings.slowest_seconds <= MOST_SECONDS
        return 0 if not findings.wrong and not watch.changes() and is_within and is_soon else 1


if __name__ == "__main__":
    sys.exit(main())
