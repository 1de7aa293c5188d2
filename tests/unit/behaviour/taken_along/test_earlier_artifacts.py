"""Models that earlier versions have published are read, and predict what they predicted then.

Each folder of tests/fixtures/artifacts holds what an Adaline of one database revision published and answered.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.domain.model.artifact import MANIFEST, WEIGHTS, read
from service.store import models
from service.store.blobs.bundles import write_bundle
from service.store.session import new_id
from service.wiring import Deps

ARTIFACTS = Path(__file__).parents[3] / "fixtures" / "artifacts"
MODELS = sorted(path.parent for path in ARTIFACTS.rglob(MANIFEST))


@pytest.mark.parametrize("directory", MODELS, ids=lambda path: str(path.relative_to(ARTIFACTS)))
def test_a_model_of_an_earlier_version_answers_as_it_did(directory: Path, client: FlaskClient, deps: Deps) -> None:
    files = {name: (directory / name).read_bytes() for name in (MANIFEST, WEIGHTS)}
    predictor = read(files[MANIFEST], files[WEIGHTS])
    with deps.database.write() as session:
        models.publish(
            session, "default", "old", job_id=new_id("job"), dataset_id=new_id("ds"), task=predictor.task,
            target=predictor.target, features=[{"name": n, "kind": k} for n, k in predictor.feature_kinds.items()],
            metrics={}, files=write_bundle(deps.blobs, files.items()),
        )  # fmt: skip
    then = json.loads((directory / "predictions.json").read_text())
    answer = client.post("/v1/models/old/predict", json={"records": then["rows"]})
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    assert _figures(answer.json["predictions"]) == pytest.approx(_figures(then["predictions"]), rel=1e-9)
    assert _words(answer.json["predictions"]) == _words(then["predictions"])


def test_there_are_artifacts_of_every_revision_that_changed_what_is_published() -> None:
    assert {path.parent.name for path in MODELS} >= {"0001", "0002", "0003", "0004", "0005", "0006"}


def _figures(predictions: list[Any]) -> list[float]:
    """Numbers, or the probabilities of classes in their order."""
    return [
        figure
        for one in predictions
        for figure in (
            [one] if isinstance(one, float) else [one["probabilities"][name] for name in sorted(one["probabilities"])]
        )
    ]


def _words(predictions: list[Any]) -> list[str]:
    return [one["label"] for one in predictions if isinstance(one, dict)]
