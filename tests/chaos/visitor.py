"""What the clients of `tests.chaos.visitors` do, for locust. Its quick HTTP client measures: one request costs it some
tenths of a millisecond of a core, where the usual one takes as long as a prediction."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import gevent
from locust import FastHttpUser, between, constant, events, task

MODEL = os.environ["VISITED_MODEL"]
ROWS = int(os.environ["VISITED_ROWS"])
TOOK = Path(os.environ["VISITED_TOOK"])
LOOK_SECONDS = 0.005
predicted: list[float] = []
late: list[float] = []


def look_at_the_clock() -> None:
    """How late this process is by itself, for want of a core or with another client's work: an answer waits as long."""
    while True:
        due = time.perf_counter() + LOOK_SECONDS
        gevent.sleep(LOOK_SECONDS)
        late.append(1000 * (time.perf_counter() - due))


gevent.spawn(look_at_the_clock)


def table(seed: int) -> str:
    numbers = random.Random(seed)
    lines = [f"{(x := numbers.random()):.6f},{(z := numbers.random()):.6f},{2 * x - z:.6f}" for _ in range(ROWS)]
    return "\n".join(["x,z,y", *lines, ""])


class Predicting(FastHttpUser):
    abstract = True

    @task(60)
    def predict(self) -> None:
        record = {"x": random.random(), "z": random.random()}
        path = f"/v1/models/{MODEL}/predict"
        with self.client.post(path, json={"records": [record]}, name="predict", catch_response=True) as answer:
            found = answer.json()["predictions"][0] if answer.ok else None
            if found is None or abs(found - (2 * record["x"] - record["z"])) > 0.05:
                answer.failure(f"{answer.status_code}: {answer.text[:200]}")


class Alone(Predicting):
    """Somebody whom nobody disturbs."""

    wait_time = constant(0.01)


class Visitor(Predicting):
    """Somebody who reads, and has a table of his own on which he trains now and then."""

    wait_time = between(0.5, 2.0)

    def on_start(self) -> None:
        self.dataset = ""
        self.upload()

    @task(25)
    def look(self) -> None:
        path = random.choice(["/v1/datasets", "/v1/jobs", "/v1/models", f"/v1/models/{MODEL}", "/healthz"])
        self.client.get(path, name="read")

    @task(10)
    def upload(self) -> None:
        """A table that nobody else has."""
        data = table(random.getrandbits(60))
        headers = {"Content-Type": "text/csv", "Prefer": "wait=20"}
        with self.client.post("/v1/datasets", data=data, headers=headers, name="upload", catch_response=True) as answer:
            if answer.ok and answer.json()["state"] in ("ready", "ingesting"):
                self.dataset = answer.json()["id"]
            else:
                answer.failure(f"{answer.status_code}: {answer.text[:200]}")

    @task(5)
    def train(self) -> None:
        spec = {"dataset": self.dataset, "target": "y", "model": f"of-{self.dataset[-8:]}", "epochs": 3}
        headers = {"Prefer": "wait=30"}
        if not self.dataset or self.client.get(f"/v1/datasets/{self.dataset}", name="read").json()["state"] != "ready":
            return
        with self.client.post("/v1/jobs", json=spec, headers=headers, name="train", catch_response=True) as answer:
            if not answer.ok or answer.json()["state"] not in ("queued", "running", "succeeded"):
                answer.failure(f"{answer.status_code}: {answer.text[:200]}")


@events.request.add_listener
def tell(exception: Exception | None, name: str, response_time: float, **_: object) -> None:
    if exception is not None:
        print(f"FAILED {name}: {exception}", flush=True)
    elif name == "predict":
        predicted.append(response_time)


@events.quit.add_listener
def keep(**_: object) -> None:
    """The milliseconds of each prediction, as locust tells whole ones alone; and those that we were late."""
    TOOK.write_text("\n".join(map(str, predicted)))
    TOOK.with_suffix(".late").write_text("\n".join(map(str, late)))
