"""What a client of `tests.chaos.visitors` does, for locust: it reads, predicts, uploads and trains, with pauses."""

from __future__ import annotations

import os
import random

from locust import HttpUser, between, events, task

MODEL = os.environ["VISITED_MODEL"]
ROWS = int(os.environ["VISITED_ROWS"])


def table(seed: int) -> bytes:
    numbers = random.Random(seed)
    lines = [f"{(x := numbers.random()):.6f},{(z := numbers.random()):.6f},{2 * x - z:.6f}" for _ in range(ROWS)]
    return "\n".join(["x,z,y", *lines, ""]).encode()


class Visitor(HttpUser):
    """Somebody who has a table of his own, and now and then trains on it."""

    wait_time = between(0.5, 2.0)

    def on_start(self) -> None:
        self.dataset = ""
        self.upload()

    @task(60)
    def predict(self) -> None:
        record = {"x": random.random(), "z": random.random()}
        path = f"/v1/models/{MODEL}/predict"
        with self.client.post(path, json={"records": [record]}, name="predict", catch_response=True) as answer:
            found = answer.json()["predictions"][0] if answer.ok else None
            if found is None or abs(found - (2 * record["x"] - record["z"])) > 0.05:
                answer.failure(f"{answer.status_code}: {answer.text[:200]}")

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
def tell(exception: Exception | None, name: str, **_: object) -> None:
    if exception is not None:
        print(f"FAILED {name}: {exception}", flush=True)
