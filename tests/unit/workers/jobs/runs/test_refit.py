"""The published model is trained on training and validation rows together, for as long as the rows that judged the
model before have found best; the report stays with that model."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from service.domain.access.owners import DEFAULT_OWNER
from service.domain.model.artifact import MANIFEST, REPORT, WEIGHTS, read
from service.domain.model.predictor import Predictor
from service.store import jobs, models
from service.store.blobs.bundles import read_file
from service.store.tables import JobRow
from service.usecases.cancel import cancel
from service.usecases.submit import submit
from service.wiring import Deps
from tests import samples
from workers.jobs.dispatch import run
from workers.jobs.record import telling
from workers.jobs.record.training import TrainingRecorder
from workers.lease import WorkerStopping
from workers.training.split import TEST, split_rows

ROWS = 240
NUMBERS = ("a", "b", "c")
NETWORK: dict[str, Any] = {"network": {"kind": "mlp", "hidden": [8]}, "epochs": 40}

Cells = dict[str, Any]


def table(seed: int = 0, outlier: float | None = None) -> Cells:
    """Numbers, gaps and words; y is a line of them and noise, z is bent, sold is a class by chance."""
    generator = np.random.default_rng(seed)
    a, b, c, noise = generator.normal(size=(4, ROWS))
    if outlier is not None:
        a[0] = outlier
    y = 3 * a - 2 * b + noise + 10
    return {
        "a": a, "b": b, "c": np.where(np.arange(ROWS) % 7 == 0, None, c).tolist(), "y": y,
        "z": np.sin(2 * a) + 0.2 * noise,
        "sold": [("yes" if one > 0 else "no") for one in a + b**2 - 1 + 0.5 * noise],
        "weight": generator.uniform(0.5, 2, ROWS),
    }  # fmt: skip


def add_dataset(deps: Deps, cells: Cells) -> str:
    out = io.BytesIO()
    pq.write_table(pa.table(cells), out)
    columns = [
        {"name": name, "kind": "categorical" if name == "sold" else "numeric",
         "nulls": sum(value is None for value in values), "distinct": 2 if name == "sold" else ROWS, "minimum": -1e3,
         "maximum": 1e3}
        for name, values in cells.items()
    ]  # fmt: skip
    columns[-1]["minimum"] = 0.5
    key = deps.blobs.put(out.getvalue()).key
    return samples.dataset(deps, rows=ROWS, columns=columns, table_key=key, sha256=key).id


def submitted(deps: Deps, dataset: str, **changes: Any) -> str:
    body = {"dataset": dataset, "model": "m", "target": "y", "features": ["a", "b"], "refit": "auto", **changes}
    return submit(deps.database, deps.queue, DEFAULT_OWNER, deps.limits, body, None, lambda job: {}).job_id


def job_of(deps: Deps, id: str) -> JobRow:
    with deps.database.read() as session:
        return jobs.get(session, DEFAULT_OWNER, id)


def trained(deps: Deps, dataset: str, **changes: Any) -> tuple[JobRow, Predictor, dict[str, Any]]:
    id = submitted(deps, dataset, **changes)
    run(deps, id)
    return published(deps, id)


def published(deps: Deps, id: str) -> tuple[JobRow, Predictor, dict[str, Any]]:
    job = job_of(deps, id)
    assert job.state == "succeeded", job.error
    files = files_of(deps, job)
    return job, read(files[MANIFEST], files[WEIGHTS]), json.loads(files[REPORT])


def files_of(deps: Deps, job: JobRow) -> dict[str, bytes]:
    assert job.model_version is not None
    with deps.database.read() as session:
        version = models.get_version(session, DEFAULT_OWNER, job.model_name, job.model_version)
    return {name: read_file(deps.blobs, file) for name, file in version.files.items()}


def told(deps: Deps, id: str) -> list[tuple[str, dict[str, Any]]]:
    with deps.database.read() as session:
        return [(one.type, one.data) for one in jobs.events_after(session, id, 0, 10_000)]


def messages(deps: Deps, id: str) -> list[str]:
    return [data["text"] for type, data in told(deps, id) if type == "message"]


def coefficients(predictor: Predictor) -> np.ndarray:
    """Of a linear neuron, in the user's units: intercept, then slopes."""
    tensors, transform = predictor.network.tensors(predictor.parameters), predictor.transform
    slopes = tensors["layers.0.weight"][0].astype(np.float64) / transform.scale * predictor.target_scale.scale
    start = float(tensors["layers.0.bias"][0]) * predictor.target_scale.scale + predictor.target_scale.centre
    return np.array([start - slopes @ transform.centre, *slopes])


def test_a_linear_neuron_is_the_least_squares_line_of_all_rows_but_those_that_test(deps: Deps) -> None:
    cells = table()
    split = {"validation": 0.3, "test": 0.2}
    job, predictor, report = trained(deps, add_dataset(deps, cells), split=split)
    used = split_rows(0, np.ones(ROWS, dtype=bool), 0.3, 0.2) != TEST
    design = np.column_stack([np.ones(ROWS), cells["a"], cells["b"]])[used]
    expected, *_ = np.linalg.lstsq(design, cells["y"][used], rcond=None)
    assert coefficients(predictor) == pytest.approx(expected, rel=1e-5)
    assert job.spec["refit"] == "always"
    assert report["rows"] == {"train": 120, "validation": 72, "test": 48}
    assert report["lineage"]["trained_rows"] == {"judged": 120, "published": 192}
    assert report["refit"]["rows"] == 192
    assert {one["feature"]: one["value"] for one in report["certificate"]["coefficients"]} == pytest.approx(
        dict(zip(("intercept", "a", "b"), expected, strict=True)), rel=1e-9
    )
    assert [one["learnt"] for one in report["weights"]] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("changes", [{}, {**NETWORK, "target": "z"}, {**NETWORK, "target": "sold"}])
def test_the_report_keeps_what_held_out_rows_said_of_the_model_before(deps: Deps, changes: dict[str, Any]) -> None:
    dataset = add_dataset(deps, table())
    _, _, without = trained(deps, dataset, **{**changes, "refit": "never", "model": "n"})
    _, _, report = trained(deps, dataset, **changes)
    kept = ("metrics", "baseline", "rows", "best_epoch", "importance", "residuals", "intervals", "classes", "curvature")
    assert {name: report[name] for name in kept} == {name: without[name] for name in kept}
    losses = [[(one["train_loss"], one["validation_loss"]) for one in it["history"]] for it in (report, without)]
    assert losses[0] == losses[1]
    assert without["refit"] is None
    assert (report["verdict"] or {}).get("sentence") == (without["verdict"] or {}).get("sentence")
    sentence = report["refit"]["sentence"]
    assert "240 training and validation rows" in sentence
    assert "trained on 192 rows, and evaluated on 48 validation rows" in sentence


@pytest.mark.parametrize(
    "changes",
    [
        {**NETWORK, "target": "z", "early_stopping": {"patience": 3}},
        {**NETWORK, "target": "sold", "features": ["a", "b", "c"], "class_weights": "balanced"},
        {**NETWORK, "target": ["y", "z"], "features": ["a", "c"], "weight_column": "weight"},
        {**NETWORK, "target": "z", "features": ["a", "c"], "missing": "drop"},
        {**NETWORK, "target": "z", "engine": "autograd", "epochs": 6, "network": {"kind": "mlp", "dropout": 0.1}},
        {"optimizer": {"kind": "sgd", "learning_rate": 0.02}, "batch_size": 16, "early_stopping": {"patience": 2}},
        {"target": "sold", "optimizer": {"kind": "lbfgs"}, "epochs": 30},
    ],
)
def test_a_refit_is_a_training_on_all_rows_for_as_many_epochs(deps: Deps, changes: dict[str, Any]) -> None:
    """To the bit that of a job without validation rows."""
    dataset = add_dataset(deps, table())
    asked = {"schedule": "constant", **changes}
    job, predictor, report = trained(deps, dataset, **asked)
    rate, epochs = job.spec["optimizer"]["learning_rate"], report["best_epoch"]
    again = {
        **asked, "refit": "never", "split": {"validation": 0.0}, "early_stopping": None, "epochs": epochs,
        "optimizer": {**changes.get("optimizer", job.spec["optimizer"]), "learning_rate": rate},
    }  # fmt: skip
    _, alone, _ = trained(deps, dataset, **again, model="alone")
    assert report["refit"]["epochs"] == epochs
    assert predictor.parameters.tobytes() == alone.parameters.tobytes()
    assert predictor.transform.to_json() == alone.transform.to_json()
    assert predictor.target_scales == alone.target_scales


def test_rates_are_those_of_the_epochs_before(deps: Deps) -> None:
    """By a schedule that follows from the epochs alone a job without validation rows has the same."""
    dataset = add_dataset(deps, table())
    changes = {**NETWORK, "target": "z", "schedule": "cosine", "early_stopping": None, "epochs": 20}
    job, predictor, _ = trained(deps, dataset, **changes)
    optimizer = {"kind": "adam", "learning_rate": job.spec["optimizer"]["learning_rate"]}
    alone = {**changes, "refit": "never", "split": {"validation": 0.0}, "optimizer": optimizer, "model": "alone"}
    _, expected, _ = trained(deps, dataset, **alone)
    assert predictor.parameters == pytest.approx(expected.parameters, abs=1e-5)


def test_rates_that_the_validation_loss_has_lowered_stay_lowered(deps: Deps) -> None:
    """On a plateau of the validation loss, which the refit does not have."""
    dataset = add_dataset(deps, table())
    changes = {**NETWORK, "target": "z", "features": ["b"], "schedule": "plateau", "epochs": 30,
               "early_stopping": None, "optimizer": {"kind": "adam", "learning_rate": 0.01}}  # fmt: skip
    _, predictor, report = trained(deps, dataset, **changes)
    assert len({one["learning_rate"] for one in report["history"]}) > 1
    constant = {**changes, "schedule": "constant", "split": {"validation": 0.0}, "refit": "never", "model": "constant"}
    _, at_first_rate, _ = trained(deps, dataset, **constant)
    assert not np.allclose(predictor.parameters, at_first_rate.parameters, rtol=0, atol=1e-3)


def test_intervals_are_those_of_rows_that_the_model_before_had_not_seen(deps: Deps) -> None:
    dataset = add_dataset(deps, table())
    _, predictor, report = trained(deps, dataset)
    _, without, _ = trained(deps, dataset, refit="never", model="n")
    assert predictor.calibration is not None
    assert without.calibration is not None
    assert predictor.calibration.to_json() == without.calibration.to_json()
    assert (report["intervals"][0]["calibrated_on"], report["intervals"][0]["calibration_rows"]) == ("validation", 48)


def test_all_of_a_job_is_told_as_one(deps: Deps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "EVENT_SECONDS", 0.0)
    id = submitted(deps, add_dataset(deps, table()), **NETWORK, target="z", early_stopping={"patience": 2})
    run(deps, id)
    job, _, report = published(deps, id)
    events = told(deps, id)
    fractions = [data["fraction"] for type, data in events if type in ("epoch", "progress")]
    assert fractions == sorted(fractions)
    assert 0 < fractions[0] < fractions[-1] == 1.0
    epochs = [data["epoch"] for type, data in events if type == "epoch"]
    assert epochs == list(range(1, len(report["history"]) + 1))
    refit = [data for type, data in events if type == "progress"]
    assert [data["epoch"] for data in refit] == list(range(1, report["best_epoch"] + 1))
    assert {(data["stage"], data["epochs"], data["validation_loss"]) for data in refit} == {
        ("refit", report["best_epoch"], None)
    }
    assert (job.progress or {})["eta_seconds"] == 0.0
    said = "now training on all 240 training and validation rows"
    assert sum(said in text for text in messages(deps, id)) == 1
    # work is counted in rows: an epoch of the refit goes through a quarter more
    before = len(report["history"]) / (len(report["history"]) + 1.25 * report["best_epoch"])
    assert fractions[len(epochs) - 1] == pytest.approx(before)


def stopping_in_refit(monkeypatch: pytest.MonkeyPatch, at: int, ends: Callable[[TrainingRecorder], None]) -> None:
    """Do this once, after an epoch of the refit."""
    real, left = TrainingRecorder.epoch, iter([True])

    def epoch(recorder: TrainingRecorder, ended: Any) -> None:
        real(recorder, ended)
        if recorder.progress.refit is not None and recorder.progress.refit.epoch == at and next(left, False):
            ends(recorder)

    monkeypatch.setattr(TrainingRecorder, "epoch", epoch)


@pytest.mark.parametrize("changes", [{"target": "z"}, {"target": "sold", "schedule": "cosine", "epochs": 12}])
def test_a_run_killed_in_its_refit_goes_on_there_to_the_same_bytes(
    make_deps: Callable[..., Deps], monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]
) -> None:
    deps = make_deps(checkpoint_seconds=0.0)
    dataset = add_dataset(deps, table())
    changes = {**NETWORK, **changes}
    uninterrupted, _, _ = trained(deps, dataset, **changes)
    id = submitted(deps, dataset, **changes, model="killed")

    def stop(_: TrainingRecorder) -> None:
        raise WorkerStopping

    with monkeypatch.context() as patched:
        stopping_in_refit(patched, 3, stop)
        run(deps, id)
    assert job_of(deps, id).state == "queued"
    made: list[tuple[str, int]] = []
    with monkeypatch.context() as patched:
        real = TrainingRecorder.epoch
        patched.setattr(
            TrainingRecorder,
            "epoch",
            lambda recorder, ended: (
                made.append(("judged" if recorder.progress.refit is None else "refit", ended.epoch)),
                real(recorder, ended),
            )[1],
        )
        run(deps, id)
    job, _, report = published(deps, id)
    first = made[0][1]  # the last epoch that was saved is not made again, and an epoch is saved when there is time
    assert 1 < first <= 4
    assert made == [("refit", epoch) for epoch in range(first, report["refit"]["epochs"] + 1)]
    for name in (MANIFEST, WEIGHTS):
        assert files_of(deps, job)[name] == files_of(deps, uninterrupted)[name]
    assert sum("now training on all" in text for text in messages(deps, id)) == 1
    assert job.checkpoint_key is None


def test_a_refit_is_cancelled_between_batches(make_deps: Callable[..., Deps], monkeypatch: pytest.MonkeyPatch) -> None:
    deps = make_deps(heartbeat_seconds=0.01)
    id = submitted(deps, add_dataset(deps, table()), **NETWORK, target="z")

    def cancelled(recorder: TrainingRecorder) -> None:
        cancel(deps.database, deps.changes, DEFAULT_OWNER, id)
        for _ in range(3000):  # until the next heartbeat
            recorder.check()
            time.sleep(0.01)

    stopping_in_refit(monkeypatch, 2, cancelled)
    run(deps, id)
    job = job_of(deps, id)
    assert (job.state, job.model_version, job.checkpoint_key) == ("cancelled", None, None)


def test_a_refit_that_diverges_leaves_the_model_before(deps: Deps) -> None:
    """One validation row is so far out that with it descent at the rate asked for is no longer stable."""
    first = next(seed for seed in range(100) if split_rows(seed, np.ones(ROWS, dtype=bool), 0.2, 0.0)[0] == 1)
    dataset = add_dataset(deps, table(outlier=1000.0))
    changes = {"seed": first, "scaler": "none", "scale_target": False, "batch_size": "full", "epochs": 200,
               "features": ["a"], "optimizer": {"kind": "sgd", "learning_rate": 0.1}}  # fmt: skip
    job, predictor, report = trained(deps, dataset, **changes)
    (warned,) = [one for one in report["warnings"] if one["code"] == "refit_left_out"]
    assert "loss" in warned["detail"]
    assert report["refit"] is None
    assert report["lineage"]["trained_rows"] == {"judged": 192, "published": 192}
    assert (job.progress or {})["fraction"] == 1.0
    _, same, _ = trained(deps, dataset, **{**changes, "refit": "never", "model": "n"})
    assert predictor.parameters.tobytes() == same.parameters.tobytes()


def test_a_budget_that_the_first_epoch_has_spent_leaves_no_refit(deps: Deps) -> None:
    job, _, report = trained(deps, add_dataset(deps, table()), **NETWORK, target="z", budget_seconds=1e-9)
    assert len(report["history"]) == 1
    assert report["refit"] is None
    assert "budget_seconds" in next(one["detail"] for one in report["warnings"] if one["code"] == "refit_left_out")
    assert job.spec["refit"] == "always"


@pytest.mark.parametrize(
    ("split", "why"),
    [({"validation": 0.0}, None), ({"validation_dataset": True, "test": 0.1}, "another dataset's")],
)
def test_without_validation_rows_of_its_own_nothing_is_refitted(
    deps: Deps, split: dict[str, Any], why: str | None
) -> None:
    if "validation_dataset" in split:
        split = {**split, "validation_dataset": add_dataset(deps, table(1))}
    job, _, report = trained(deps, add_dataset(deps, table()), split=split)
    assert (job.spec["refit"], report["refit"]) == ("never", None)
    assert any("no refit" in text for text in messages(deps, job.id)) == (why is not None)


def promotions(deps: Deps, *specs: dict[str, Any]) -> Iterator[dict[str, Any]]:
    dataset = add_dataset(deps, table())
    for spec in specs:
        job, _, _ = trained(deps, dataset, target="z", **{"promote": "if_better", **spec})
        assert job.result is not None
        yield job.result["promotion"]


def test_a_version_that_serves_is_held_by_what_it_scored_before_it_was_trained_on_these_rows(deps: Deps) -> None:
    """A linear neuron, then a network, then that network again: better, and as good."""
    better = {**NETWORK, "epochs": 60}
    first, second, third = promotions(deps, {}, better, better)
    assert first["promoted"]
    assert second["promoted"]
    assert not third["promoted"]
    assert third["value"] == third["value_of_served"] == second["value"]
    assert "before their refit" in third["sentence"]


def test_probabilities_are_of_a_temperature_that_the_rows_of_the_run_before_have_told(deps: Deps) -> None:
    """By rows that did not train it, and so by none of the refit's own."""
    cells = table()
    generator = np.random.default_rng(3)
    cells["sold"] = ["yes" if one else "no" for one in generator.random(ROWS) < 0.3 + 0.4 * (cells["a"] > 0)]
    changes = {"target": "sold", "network": {"kind": "mlp", "hidden": [32]}, "epochs": 150, "early_stopping": None,
               "schedule": "constant", "split": {"validation": 0.3}}  # fmt: skip
    dataset = add_dataset(deps, cells)
    job, predictor, report = trained(deps, dataset, **changes)
    told = report["classes"]["temperature"]
    assert told["is_applied"]
    assert predictor.temperature == told["temperature"] > 1.5  # far too many epochs for noise
    assert report["metrics"]["validation"]["log_loss"] == pytest.approx(told["log_loss"])
    assert report["classes"]["calibration"]["expected_error"] == pytest.approx(told["expected_error"])
    assert told["log_loss"] < told["log_loss_before"] - 0.02
    _, without, judged = trained(deps, dataset, **changes, refit="never", model="n")
    assert without.temperature == predictor.temperature
    assert judged["classes"] == report["classes"]
    card = files_of(deps, job)["model-card.md"].decode()
    assert f"a temperature of {told['temperature']:.3f}" in card


def test_a_linear_neuron_has_no_temperature_and_a_network_of_numbers_neither(deps: Deps) -> None:
    dataset = add_dataset(deps, table())
    _, neuron, report = trained(deps, dataset, target="sold")
    assert (neuron.temperature, report["classes"]["temperature"]) == (1.0, None)
    _, network, _ = trained(deps, dataset, target="z", **NETWORK, model="n")
    assert network.temperature == 1.0
