"""Byte strings of all sorts through the upload endpoint of a running Adaline: `python -m tests.chaos.fuzz_uploads`.

No answer may be a 5xx, every dataset must end ready or failed with a reason, no process may die, and memory must stay
within bounds. A case is known by its seed and number: `--only NUMBER` sends one alone and prints it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import httpx

from tests.chaos.fuzzing import Findings, Outcome, Watch, chosen, send_all, stack
from tests.chaos.mutations import SEEDS, case

WAIT_SECONDS = 30  # for one dataset; none of these is large
TERMINAL = ("ready", "failed")


def fuzz(url: str, numbers: Sequence[int], seed: int, seeds: Sequence[bytes] = SEEDS) -> Findings:
    """Send the cases, several at once, and follow each to its end."""
    return send_all(url, numbers, partial(_sent, seed=seed, seeds=seeds))


def _sent(http: httpx.Client, number: int, seed: int, seeds: Sequence[bytes]) -> Outcome:
    """One case, followed to its end."""
    this = case(seed, number, seeds)
    headers = {**this.headers, "Prefer": f"wait={WAIT_SECONDS}"}
    try:
        if this.file_name is not None:
            files = {"file": (this.file_name, this.body)}
            answer = http.post("/v1/datasets", params=this.query, headers=headers, files=files)
        else:
            answer = http.post("/v1/datasets", params=this.query, headers=headers, content=this.body)
        deadline = time.monotonic() + WAIT_SECONDS
        said = answer
        while answer.is_success and "preview" not in this.query and said.json()["state"] not in TERMINAL:
            if time.monotonic() > deadline:
                return Outcome(answer.status_code, "hung", f"{said.json()['id']} is still {said.json()['state']}")
            said = http.get(f"/v1/datasets/{said.json()['id']}", headers={"Prefer": f"wait={WAIT_SECONDS}"})
    except httpx.HTTPError as error:
        return Outcome(0, "no answer", f"{type(error).__name__}: {error}")
    if answer.status_code >= 500 or said.status_code >= 500:
        return Outcome(answer.status_code, "5xx", said.text)
    return Outcome(answer.status_code, *_judged(said, "preview" in this.query))


def _judged(answer: httpx.Response, is_preview: bool) -> tuple[str, str | None]:
    told: dict[str, Any] = answer.json()
    if not answer.is_success:
        return f"refused: {told.get('reason') or told['code']}", None if told[
            "detail"
        ] else "is refused without a reason"
    if is_preview:
        return "previewed", None
    if told["state"] == "ready":
        return "ready", None
    reason = told["error"] or {}
    unknown = reason.get("code") in (None, "internal") or not reason.get("detail")
    return f"failed: {reason.get('code')}", f"fails without a reason of its own: {reason}" if unknown else None


def main() -> int:
    numbers, seed = chosen(__doc__, case)
    with stack() as (url, running):
        with Watch(running) as watch:
            began = time.monotonic()
            findings = fuzz(url, numbers, seed)
            seconds = time.monotonic() - began
        findings.print(seconds)
        watch.print()
        return 1 if findings.wrong or watch.changes() else 0


if __name__ == "__main__":
    sys.exit(main())
