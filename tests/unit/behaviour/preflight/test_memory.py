"""What does not fit the memory of a training process is refused when it is submitted, with a change that makes it
fit."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.domain.spec.parts import MAX_LAYER
from service.wiring import Deps
from tests.unit.behaviour.preflight.looking import numbers
from workers.ingest.run import run as ingest

GIB = 2**30
WIDE = {"kind": "mlp", "hidden": [6000, 6000]}


@pytest.fixture
def asking(limited: Callable[..., FlaskClient], make_deps: Callable[..., Deps]) -> Callable[..., Callable[..., Any]]:
    """Asks whether a spec is taken, of an API with these settings: the answers of `validate` and of a submission."""

    def of(**settings: Any) -> Callable[..., Any]:
        client = limited(max_parameters=1_000_000_000, **settings)
        csv = numbers(3000).to_csv(index=False).encode()
        dataset = client.post("/v1/datasets", data=csv, headers={"Content-Type": "text/csv"}).json["id"]
        ingest(make_deps(), dataset)

        def ask(**spec: Any) -> Any:
            body = {"dataset": dataset, "model": "m", "target": "y", **spec}
            looked, submitted = client.post("/v1/jobs/validate", json=body), client.post("/v1/jobs", json=body)
            assert (looked.status_code, submitted.status_code) in ((200, 202), (422, 422))
            if looked.status_code == 422:
                assert looked.json["detail"] == submitted.json["detail"]
            return looked

        return ask

    return of


REFUSED: list[tuple[float, dict[str, Any]]] = [  # the setting in GiB, a spec
    (3, {"network": WIDE, "optimizer": {"kind": "lbfgs"}}),
    (4, {"network": {"kind": "mlp", "hidden": [MAX_LAYER, MAX_LAYER]}}),
    (2.5, {"network": WIDE, "engine": "autograd", "optimizer": {"kind": "adam"}, "early_stopping": None}),
    (0.25, {"network": {"kind": "mlp", "hidden": [MAX_LAYER, 16]}, "batch_size": "full", "optimizer": {"kind": "sgd"}}),
    (1, {"network": {**WIDE, "dropout": 0.5}}),
    (2, {"network": {"kind": "mlp", "hidden": [2000, 2000]}, "members": 50}),
    (0.2, {"network": {"kind": "mlp", "hidden": [MAX_LAYER]}, "numeric_bins": 64}),
]


@pytest.mark.parametrize(
    ("setting", "spec"), REFUSED, ids=["lbfgs", "weights", "engine", "batch", "dropout", "members", "bins"]
)
def test_what_does_not_fit_is_refused_with_a_change_that_works(
    asking: Callable[..., Any], setting: float, spec: dict[str, Any]
) -> None:
    ask = asking(training_memory_bytes=int(setting * GIB))
    answer = ask(**spec)
    assert (answer.status_code, answer.json["code"]) == (422, "spec_invalid"), answer.json
    (error,) = answer.json["errors"]
    told = re.search(r'use "([a-z_/]+)": (.+?), or raise ADALINE_TRAINING_MEMORY_BYTES$', error["detail"])
    assert told is not None, error
    assert error["pointer"] == f"/{told[1]}"
    changed: Any = json.loads(told[2])
    for key in reversed(told[1].split("/")[1:]):
        changed = {key: changed}
    name = told[1].split("/")[0]
    mended = {**spec, name: {**spec[name], **changed} if "/" in told[1] else changed}
    assert ask(**mended).status_code == 200


def test_the_figures_are_those_of_the_network_and_the_setting(asking: Callable[..., Any]) -> None:
    answer = asking(training_memory_bytes=4 * GIB)(network=WIDE, optimizer={"kind": "lbfgs"})
    weights = 4 * 6000 + 6000 + 6000 * 6000 + 6000 + 6000 + 1
    assert answer.status_code == 422
    detail = answer.json["detail"]
    assert f"{weights:,} weights {weights * 4 / 2**20:,.1f} MiB" in detail
    # as many pairs of steps and changes as hold 2^25 numbers, one at least, and the weights, in float64
    assert f"state of lbfgs {weights * 8 * 3 / 2**20:,.1f} MiB" in detail
    assert "3.5 GiB are available" in detail  # of 4, half a GiB is the process itself


def test_what_fits_is_taken_and_another_setting_takes_more(asking: Callable[..., Any]) -> None:
    assert asking(training_memory_bytes=16 * GIB)(network=WIDE, optimizer={"kind": "lbfgs"}).status_code == 200
    assert asking(training_memory_bytes=4 * GIB)(network=WIDE).status_code == 200
    assert asking(training_memory_bytes=2**20)().status_code == 200  # a table that is kept on the disk
