"""The answers that the document shows: those of a server to the document's own requests, on README's table.

`python -m tests.examples` (`make examples`) starts a stack, asks it, and writes service/api/examples.json.
"""

from __future__ import annotations

import json
import random
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import httpx

from service.api.foreign.inference_schemas import REQUEST_EXAMPLE
from service.api.jobs import EXAMPLES as SPECS
from service.api.predictions.bodies import HOUSES, RECORDS
from tests.integration.processes import started

FILE = Path(__file__).parents[1] / "service" / "api" / "examples.json"
WAIT = {"Prefer": "wait=30"}


def houses() -> str:
    """README's table."""
    draw = random.Random(1)
    lines = ["rooms,area,garden,city,price"]
    for _ in range(500):
        rooms, garden, city = draw.randint(1, 7), draw.random() < 0.4, draw.choice(["Lyon", "Lille", "Nice"])
        area = round(rooms * draw.uniform(14, 26))
        price = 3.1 * area + 25 * garden + {"Lyon": 60, "Lille": 20, "Nice": 95}[city] + draw.gauss(0, 12)
        lines.append(f"{rooms},{area},{str(garden).lower()},{city},{price:.1f}")
    return "\n".join(lines) + "\n"


def answers(url: str, model: str) -> dict[str, dict[str, Any]]:
    """What the server answers: by schema, then by what it is."""
    with httpx.Client(base_url=url, timeout=60) as http:

        def ask(method: str, path: str, **more: Any) -> Any:
            answer = http.request(method, path, **more)
            answer.raise_for_status()
            return answer.json()

        def run(spec: Any) -> Any:
            job = ask("POST", "/v1/jobs", json=spec, headers=WAIT)
            while not job["is_terminal"]:
                job = ask("GET", f"/v1/jobs/{job['id']}", headers=WAIT)
            return job

        headers = {**WAIT, "Content-Type": "text/csv"}
        dataset = ask("POST", "/v1/datasets", params={"name": "houses"}, content=houses(), headers=headers)
        while dataset["state"] == "ingesting":
            dataset = ask("GET", f"/v1/datasets/{dataset['id']}", headers=WAIT)
        spec = {**SPECS["a linear neuron"]["value"], "dataset": dataset["id"], "model": model}
        check = ask("POST", "/v1/jobs/validate", json=spec)
        job = run(spec)
        cities = {**spec, "target": "city", "features": ["rooms", "area", "garden", "price"], "model": f"{model}-city"}
        run(cities)
        both = {**spec, "target": ["price", "area"], "features": ["rooms", "garden", "city"], "model": f"{model}-both"}
        run(both)
        alias = ask("PUT", f"/v1/models/{model}/aliases/live", json={"version": 1})
        rows = {"records": [{**row, "price": 373.5} for row in RECORDS]}
        return {
            "Dataset": {"ready": dataset},
            "SpecCheck": {"a linear neuron": check},
            "Job": {"succeeded": job},
            "Alias": {"live": alias},
            "Model": {"one version": ask("GET", f"/v1/models/{model}")},
            "Version": {"a linear neuron": ask("GET", f"/v1/models/{model}/versions/1")},
            "Predictions": {
                "numbers": ask("POST", f"/v1/models/{model}/predict", json={"records": RECORDS}),
                "classes": ask("POST", f"/v1/models/{model}-city/predict", json=rows),
                "several targets": ask("POST", f"/v1/models/{model}-both/predict", json={"records": RECORDS}),
            },
            "ModelMetadata": {"a linear neuron": ask("GET", f"/v2/models/{model}")},
            "InferenceAnswer": {"numbers": ask("POST", f"/v2/models/{model}/infer", json=REQUEST_EXAMPLE)},
            "Invoked": {
                "MLflow": ask("POST", f"/models/{model}/invocations", json={"dataframe_records": RECORDS}),
                "SageMaker": ask(
                    "POST", f"/models/{model}/invocations", json={"instances": [{"features": row} for row in HOUSES]}
                ),
            },
        }


def main() -> None:
    with tempfile.TemporaryDirectory() as data:
        command = [sys.executable, "-m", "service", "serve", "--port", "0"]
        with started(command, {"ADALINE_DATA": data, "ADALINE_WORKER_PROCESSES": "1"}) as stack:
            url = stack.until("Adaline listens on ").split("Adaline listens on ")[1].split()[0]
            made = answers(url, "house-price")
            stack.process.send_signal(signal.SIGTERM)
            stack.wait()
    FILE.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
