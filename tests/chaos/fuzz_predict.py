"""Bodies of all sorts to the prediction endpoints of a running Adaline: `python -m tests.chaos.fuzz_predict`.

No answer may be a 5xx or break off for a reason of the server's own, every refusal must say what is wrong, no process
may die, the API's memory must stay flat, and right bodies of every type must have the right answers, before and after.
A case is known by its seed and number: `--only NUMBER` sends one alone and prints it.
"""

from __future__ import annotations

import csv
import io
import json
import random
import sys
import time
from collections.abc import Sequence
from functools import partial

import httpx
import psutil

from service.client import Client
from tests.benchmarks.streamed import Memory
from tests.chaos import predict_cases
from tests.chaos.fuzzing import OUR_FAULT, Findings, Outcome, Watch, chosen, send_all, stack
from tests.chaos.predict_cases import DOCUMENTS, JSON, MODEL, ROWS, TABLES, Request
from tests.integration.processes import Running

EFFECT = {"Lyon": 60.0, "Lille": 20.0, "Köln": 95.0}
TRAINED_ROWS = 400
NEAR = 0.5  # how far a linear neuron may be from an exact sum
SETTLED = 0.25  # of the cases; from there on memory has to stay flat
GROWN_MB = 30


def train(url: str) -> None:
    """The model of the cases: 3 n + 10 [flag] + an effect of the city, whatever the day."""
    draw = random.Random(1)
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow([*predict_cases.NAMES, "y"])
    for _ in range(TRAINED_ROWS):
        n, flag, city = round(draw.uniform(-5, 5), 2), draw.random() < 0.4, draw.choice(list(EFFECT))
        day = f"202{draw.randrange(4, 6)}-{draw.randrange(1, 13):02}-{draw.randrange(1, 29):02}"
        cells = [n, str(flag).lower(), city, day] if draw.random() < 0.95 else ["", "", "", ""]
        writer.writerow([*cells, 3 * n + 10 * flag + EFFECT[city]])
    with Client(url) as client:
        client.train(client.upload(table.getvalue().encode(), name="houses"), "y", MODEL, network={"kind": "linear"})


def known_answers(http: httpx.Client) -> dict[str, list[float]]:
    """What right bodies are answered, by form and content type. Raises AssertionError where one is wrong."""
    path = predict_cases.PATHS[0]
    forms = ("records", "instances", "columns", "dataframe_split")
    bodies = [(JSON, name, json.dumps(DOCUMENTS[name]).encode()) for name in forms]
    bodies += [(media_type, media_type, body) for media_type, body in TABLES.items()]
    found = {}
    for media_type, name, body in bodies:
        answer = http.post(path, content=body, headers={"Content-Type": media_type, "Accept": JSON})
        if answer.status_code == httpx.codes.UNSUPPORTED_MEDIA_TYPE:
            continue  # a type that this version has not
        assert answer.is_success, f"{name}: {answer.text}"
        found[name] = answer.json()["predictions"]
    for name, values in found.items():
        assert values == found["records"], f"{name} gives {values}, records {found['records']}"
        for value, row in zip(values, ROWS, strict=True):
            if row["n"] is not None:
                right = 3 * row["n"] + 10 * row["flag"] + EFFECT[row["city"]]
                assert abs(value - right) < NEAR, f"{name} gives {value} for {row}, where {right} is right"
    return found


def fuzz(url: str, running: Running, numbers: Sequence[int], seed: int) -> tuple[Findings, float]:
    """Send the cases, several at once; also the API's memory at the end, over that after a quarter of the cases."""
    api = Memory(psutil.Process(running.process.pid))
    settled: list[float] = []

    def after(count: int) -> None:
        if count == max(1, int(SETTLED * len(numbers))):
            settled.append(api.held())

    findings = send_all(url, numbers, partial(_sent, seed), after)
    return findings, api.held() - settled[0]


def _sent(seed: int, http: httpx.Client, number: int) -> Outcome:
    return sent(http, predict_cases.request(seed, number))


def sent(http: httpx.Client, this: Request) -> Outcome:
    """How one request is answered, and what is wrong with that."""
    headers = {name: value.encode("latin-1") for name, value in this.headers.items()}
    try:
        try:
            answer = http.request(this.method, this.path, params=this.query, headers=headers, content=this.body)
        except httpx.RemoteProtocolError:  # the connection was closed before the request came: as RFC 9110, 9.2.2
            answer = http.request(this.method, this.path, params=this.query, headers=headers, content=this.body)
    except httpx.HTTPError as error:
        return Outcome(0, "no answer", f"{type(error).__name__}: {error}")
    status = answer.status_code
    if status >= 500 or OUR_FAULT in answer.content:
        return Outcome(status, "5xx", answer.text)
    if not answer.is_error:
        return Outcome(status, "answered", _unreadable(answer))
    try:
        told = answer.json()
        reason = told.get("detail") or told.get("error") or told.get("message")
    except ValueError:
        return Outcome(status, "no problem", f"is refused without a document: {answer.text[:200]}")
    return Outcome(status, str(told.get("code")), None if reason else f"is refused without a reason: {told}")


def _unreadable(answer: httpx.Response) -> str | None:
    """An answer that has begun may break off, and then has to say so at its end."""
    if answer.headers["Content-Type"] != JSON or b'"error"' in answer.content:
        return None
    try:
        json.loads(answer.content)
    except ValueError as error:
        return f"is answered with what is no JSON: {error}: {answer.text[-200:]}"
    return None


def main() -> int:
    numbers, seed = chosen(__doc__, predict_cases.request)
    with stack() as (url, running), httpx.Client(base_url=url, timeout=60) as http:
        train(url)
        before = known_answers(http)
        began = time.monotonic()
        with Watch(running) as watch:
            findings, grown_mb = fuzz(url, running, numbers, seed)
        findings.print(time.monotonic() - began)
        watch.print()
        changes = watch.changes()
        is_same = known_answers(http) == before
    print(f"right bodies that were tried: {', '.join(sorted(before))}")
    print(f"right bodies afterwards: {'the same, right answers' if is_same else 'OTHER ANSWERS'}")
    print(f"the API's memory grew by {grown_mb:.0f} MB after a quarter of the cases; to be flat it may by {GROWN_MB}")
    is_flat = len(numbers) == 1 or grown_mb < GROWN_MB
    return 0 if not findings.wrong and not changes and is_same and is_flat else 1


if __name__ == "__main__":
    sys.exit(main())
