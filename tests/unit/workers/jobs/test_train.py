"""One job from its claim to its end: a version with a report, or the reason why not."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import load
from sqlalchemy import event

from service.domain.access.owners import DEFAULT_OWNER
from service.domain.cells.columns import Columns
from service.domain.model.artifact import MANIFEST, REPORT, WEIGHTS, read
from service.store import jobs, models
from service.store.blobs.bundles import read_file
from service.store.blobs.store import read_blob
from service.store.tables import DatasetRow, JobRow, VersionRow
from service.usecases.submit import submit
from service.wiring import Deps
from tests import samples
from workers.jobs import train
from workers.jobs.dispatch import run
from workers.jobs.record import telling
from workers.jobs.record.training import TrainingRecorder
from workers.lease import WorkerStopping
from workers.training import checkpoint

ROWS = 120


def add_dataset(deps: Deps, seed: int = 0) -> str:
    """y = 3a - 2b + 10 exactly, with a column of gaps and one of classes."""
    generator = np.random.default_rng(seed)
    a, b = generator.normal(size=ROWS), generator.normal(size=ROWS) * 100
    gaps = [None if number % 3 == 0 else float(number) for number in range(ROWS)]
    cells = {"a": a, "b": b, "y": 3 * a - 2 * b + 10, "gaps": gaps, "kind": [f"k{int(value > 0)}" for value in a]}
    out = io.BytesIO()
    pq.write_table(pa.table(cells), out)
    columns = [
        {"name": name, "kind": "categorical" if name == "kind" else "numeric", "nulls": ROWS // 3 * (name == "gaps"),
         "distinct": 2 if name == "kind" else ROWS}
        for name in cells
    ]  # fmt: skip
    table = deps.blobs.put(out.getvalue()).key
    return samples.dataset(deps, rows=ROWS, columns=columns, table_key=table, sha256=table).id


def trained(deps: Deps, **changes: Any) -> JobRow:
    """The job after its run."""
    body = {"dataset": add_dataset(deps), "model": "m", "target": "y", "features": ["a", "b"], **changes}
    id = submit(deps.database, deps.queue, DEFAULT_OWNER, deps.limits, body, None, lambda job: {}).job_id
    run(deps, id)
    with deps.database.read() as session:
        return jobs.get(session, DEFAULT_OWNER, id)


def version_of(deps: Deps, job: JobRow) -> tuple[VersionRow, dict[str, Any]]:
    assert job.model_version is not None, job.error
    with deps.database.read() as session:
        version = models.get_version(session, DEFAULT_OWNER, job.model_name, job.model_version)
    return version, json.loads(read_file(deps.blobs, version.files[REPORT]))


def test_a_success_publishes_a_version_with_its_files_and_report(deps: Deps) -> None:
    job = trained(deps)
    assert (job.state, job.attempt, job.error, job.checkpoint_key) == ("succeeded", 1, None, None)
    version, report = version_of(deps, job)
    assert set(version.files) == {
        *(MANIFEST, WEIGHTS, REPORT, "model-card.md", "model.onnx", "predict.py"),
        *(
            "loss.svg",
            "weights.svg",
            "weights-by-epoch.svg",
            "residuals.svg",
            "importance.svg",
            "partial-dependence.svg",
        ),
    }
    for file in version.files.values():
        assert len(read_file(deps.blobs, file)) == file["bytes"]
    assert version.features == [{"name": "a", "kind": "numeric"}, {"name": "b", "kind": "numeric"}]
    assert report["rows"] == {"train": 96, "validation": 24, "test": 0}
    assert report["metrics"]["validation"]["r2"] > 0.9999  # the target is a linear one
    assert report["metrics"]["test"] == {}
    assert report["lineage"]["dataset_sha256"]
    assert report["lineage"]["engine"] == "fused"
    assert "Gram matrix" in report["lineage"]["engine_note"]
    assert version.metrics == report["metrics"]
    assert job.result is not None
    assert job.result["metrics"] == report["metrics"]


@pytest.mark.parametrize("engine", ["fused", "autograd"])
def test_members_answer_with_the_mean_of_what_each_has_learnt(deps: Deps, engine: str) -> None:
    spec = {"network": {"kind": "mlp", "hidden": [6], "activation": "tanh"}, "epochs": 4, "engine": engine}
    version, report = version_of(deps, trained(deps, members=3, **spec))
    assert report["lineage"]["spec"]["members"] == 3
    files = {name: read_file(deps.blobs, version.files[name]) for name in (MANIFEST, WEIGHTS)}
    together = read(*files.values())
    tensors, alone = load(files[WEIGHTS]), together.network.alone
    rows = Columns({"a": np.array([0.5, -1, 2]), "b": np.array([10.0, -200, 50])}, 3)
    each = [
        replace(
            together,
            network=alone,
            parameters=alone.flatten({name: tensor[member] for name, tensor in tensors.items()}),
        ).predict(rows)
        for member in range(3)
    ]
    np.testing.assert_allclose(together.predict(rows), np.mean(each, axis=0), rtol=1e-9)
    assert np.std(each, axis=0).min() > 1e-3  # each has come from a start of its own
    # what validates is what the version answers, and stops early by that
    best = report["history"][report["best_epoch"] - 1]["validation_loss"]
    assert best == pytest.approx(report["metrics"]["validation"]["mse"], rel=1e-4)


def test_the_history_is_in_the_targets_units(deps: Deps) -> None:
    _, report = version_of(deps, trained(deps, network={"kind": "mlp"}, early_stopping=None, epochs=7))
    assert [epoch["epoch"] for epoch in report["history"]] == list(range(1, 8))
    last = report["history"][-1]["validation_loss"]
    assert last == pytest.approx(report["metrics"]["validation"]["mse"], rel=1e-3)


def test_the_card_of_a_network_has_its_verdict_and_that_of_a_neuron_its_gap(deps: Deps) -> None:
    for changes in ({"network": {"kind": "mlp"}, "model": "net"}, {"model": "neuron"}):
        version, report = version_of(deps, trained(deps, **changes))
        card = read_file(deps.blobs, version.files["model-card.md"]).decode()
        if report["verdict"]:
            plain = card.replace("\\", "")
            assert report["verdict"]["sentence"] in plain
        else:
            assert "the exact optimum of a linear neuron" in card
        assert bool(report["verdict"]) == (changes["model"] == "net")


def test_every_auto_is_replaced_by_what_was_used(deps: Deps) -> None:
    job = trained(deps)
    words = json.dumps({name: value for name, value in job.spec.items() if name != "metadata"})
    assert '"auto"' not in words
    assert job.spec["optimizer"]["learning_rate"] > 0
    with deps.database.read() as session:
        events = jobs.events_after(session, job.id, 0, 1000)
    assert [one.data["state"] for one in events if one.type == "state"] == ["queued", "running", "succeeded"]
    assert any("learning rate" in one.data.get("text", "") for one in events)
    told = [one.data for one in events if one.type in ("epoch", "progress")]
    assert told[-1]["fraction"] == 1.0
    assert job.progress is not None
    assert job.progress["epoch"] == told[-1]["epoch"]


def test_a_short_run_waits_for_the_database_two_times(deps: Deps) -> None:
    body = {"dataset": add_dataset(deps), "model": "m", "target": "y"}
    id = submit(deps.database, deps.queue, DEFAULT_OWNER, deps.limits, body, None, lambda job: {}).job_id
    commits: list[object] = []
    event.listen(deps.database.engine, "commit", commits.append)
    run(deps, id)
    assert len(commits) == 2  # claimed, published


def test_a_long_run_tells_of_its_choices_before_its_first_epoch_has_ended(
    deps: Deps, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here told at once, where it else would wait for a moment."""
    monkeypatch.setattr(telling, "EVENT_SECONDS", 0.0)
    body = {"dataset": add_dataset(deps), "model": "m", "target": "y", "network": {"kind": "mlp"}, "epochs": 2}
    id = submit(deps.database, deps.queue, DEFAULT_OWNER, deps.limits, body, None, lambda job: {}).job_id
    seen: list[tuple[object, bool]] = []

    def look(_: object) -> None:
        with deps.database.read() as session:
            told = [one for one in jobs.events_after(session, id, 0, 1000) if "engine" in one.data.get("text", "")]
            seen.append((jobs.get(session, DEFAULT_OWNER, id).spec["engine"], bool(told)))

    monkeypatch.setattr(TrainingRecorder, "epoch", lambda recorder, *_: look(recorder))
    run(deps, id)
    assert seen[0] == ("fused", True)


def test_an_epoch_is_told_once_though_the_run_was_stopped_after_its_last_one(
    make_deps: Callable[..., Deps], monkeypatch: pytest.MonkeyPatch
) -> None:
    deps = make_deps(checkpoint_seconds=0.0, checkpoint_bytes_per_second=10**12)
    monkeypatch.setattr(checkpoint, "FREE_SECONDS", math.inf)  # however slow the disk, each epoch is saved
    monkeypatch.setattr(telling, "EVENT_SECONDS", 0.0)  # as if each epoch took long: all are told
    body = {"dataset": add_dataset(deps), "model": "m", "target": "y", "network": {"kind": "mlp"}, "epochs": 3}
    id = submit(deps.database, deps.queue, DEFAULT_OWNER, deps.limits, body, None, lambda job: {}).job_id

    def stopped(*_: object) -> None:
        raise WorkerStopping

    with monkeypatch.context() as stopping:
        stopping.setattr(train, "publish", stopped)
        run(deps, id)
    with deps.database.read() as session:
        assert jobs.get(session, DEFAULT_OWNER, id).state == "queued"
    run(deps, id)
    with deps.database.read() as session:
        assert jobs.get(session, DEFAULT_OWNER, id).state == "succeeded"
        told = [one.data["epoch"] for one in jobs.events_after(session, id, 0, 1000) if one.type == "epoch"]
    assert told == [1, 2, 3]


def test_a_job_that_is_done_is_not_run_again(deps: Deps) -> None:
    job = trained(deps)
    run(deps, job.id)
    with deps.database.read() as session:
        assert models.get(session, DEFAULT_OWNER, "m").last_version == 1


def test_divergence_fails_with_a_rate_that_is_safe_and_publishes_nothing(deps: Deps) -> None:
    job = trained(deps, optimizer={"kind": "sgd", "learning_rate": 1000.0}, batch_size="full")
    assert (job.state, job.model_version) == ("failed", None)
    assert job.error is not None
    assert job.error["code"] == "diverged"
    assert '"auto"' not in json.dumps(job.spec["device"])  # what was chosen is kept, and told
    with deps.database.read() as session:
        told = jobs.events_after(session, job.id, 0, 1000)
    assert ["engine" in one.data.get("text", "") for one in told][-2] is True
    stable = float(job.error["detail"].split("stable below ")[1].split(";")[0].split(",")[0])
    said = named_spec(job)
    assert said["optimizer"]["learning_rate"] < stable
    again = trained(deps, **said, batch_size="full", model="n")
    assert again.state == "succeeded"
    with deps.database.read() as session:
        assert models.newest_versions(session, DEFAULT_OWNER, ["m"]) == {}


def named_spec(job: JobRow) -> dict[str, Any]:
    """What the error of a divergence says to use."""
    assert job.error is not None
    said: dict[str, Any] = json.loads("{" + job.error["detail"].split("; use ")[1].split(", or ")[0] + "}")
    return said


@pytest.mark.parametrize("epochs", [300, 3000])
def test_divergence_that_would_overflow_only_late_is_found_before(deps: Deps, epochs: int) -> None:
    """5 % above the bound the weights grow by a tenth an epoch: after 300 they are finite, and worth nothing."""
    _, report = version_of(deps, trained(deps, epochs=1))
    bound = report["curvature"]["scaled"]["stable_learning_rate"]
    optimizer = {"kind": "sgd", "learning_rate": 1.05 * bound}
    job = trained(deps, model="late", epochs=epochs, batch_size="full", optimizer=optimizer, early_stopping=None)
    assert (job.state, (job.error or {}).get("code"), job.model_version) == ("failed", "diverged", None)
    mended = trained(deps, model="mended", epochs=epochs, batch_size="full", early_stopping=None, **named_spec(job))
    _, report = version_of(deps, mended)
    assert report["metrics"]["train"]["r2"] > 0.999
    assert report["curvature"]["note"] is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"features": ["a", "gaps"], "missing": "error"}, "missing_values"),
        ({"device": "gpu"}, "gpu_unavailable"),
    ],
)
def test_a_failure_is_named(deps: Deps, changes: dict[str, Any], code: str) -> None:
    job = trained(deps, **changes)
    assert (job.state, (job.error or {}).get("code")) == ("failed", code)
    assert job.finished_at is not None


def test_a_table_that_does_not_fit_the_memory_is_named(make_deps: Callable[..., Deps]) -> None:
    """By a worker whose memory is less than the API's setting: that one refuses what it knows of."""
    here, worker = make_deps(), make_deps(training_memory_bytes=100)
    spec = {"dataset": add_dataset(here), "model": "m", "target": "y", "features": ["a", "b"], "engine": "autograd"}
    id = submit(here.database, here.queue, DEFAULT_OWNER, here.limits, spec, None, lambda job: {}).job_id
    run(worker, id)
    with here.database.read() as session:
        job = jobs.get(session, DEFAULT_OWNER, id)
    assert (job.state, (job.error or {}).get("code")) == ("failed", "too_large")


def test_a_dataset_deleted_meanwhile_is_named(deps: Deps) -> None:
    body = {"dataset": add_dataset(deps), "model": "m", "target": "y"}
    id = submit(deps.database, deps.queue, DEFAULT_OWNER, deps.limits, body, None, lambda job: {}).job_id
    with deps.database.write() as session:
        session.delete(session.get_one(DatasetRow, body["dataset"]))
    run(deps, id)
    with deps.database.read() as session:
        assert (jobs.get(session, DEFAULT_OWNER, id).error or {})["code"] == "dataset_not_found"


def test_an_error_that_nobody_foresaw_fails_the_job_without_its_trace(deps: Deps) -> None:
    body = {"dataset": add_dataset(deps), "model": "m", "target": "y"}
    id = submit(deps.database, deps.queue, DEFAULT_OWNER, deps.limits, body, None, lambda job: {}).job_id
    with deps.database.write() as session:
        session.get_one(DatasetRow, body["dataset"]).table_key = deps.blobs.put(b"no parquet").key
    run(deps, id)
    with deps.database.read() as session:
        job = jobs.get(session, DEFAULT_OWNER, id)
    assert job.state == "failed"
    assert job.error is not None
    assert job.error["code"] == "internal"
    assert "Traceback" not in job.error["detail"]


@pytest.mark.parametrize(("target", "baseline"), [("y", "rmse"), ("kind", "accuracy")])
def test_the_report_holds_the_model_against_the_trivial_one(deps: Deps, target: str, baseline: str) -> None:
    features = ["a", "b"]
    _, report = version_of(deps, trained(deps, target=target, features=features))
    model, trivial = report["metrics"]["validation"][baseline], report["baseline"]["validation"][baseline]
    assert model < 0.1 * trivial if target == "y" else model > trivial + 0.2


def test_the_curvature_of_the_report_is_that_of_the_data(deps: Deps) -> None:
    _, report = version_of(deps, trained(deps, split={"validation": 0.0}))
    table = samples_table(deps)
    X = np.stack([table["a"], table["b"]], axis=1)
    for name, design in (("raw", X), ("scaled", (X - X.mean(axis=0)) / X.std(axis=0))):
        Z = np.hstack([design, np.ones((ROWS, 1))])
        eigenvalues = np.linalg.eigvalsh(2 / ROWS * Z.T @ Z)
        found = report["curvature"][name]
        assert found["lambda_max"] == pytest.approx(eigenvalues[-1], rel=1e-4)
        assert found["lambda_min"] == pytest.approx(eigenvalues[0], rel=1e-3)
        assert math.isfinite(found["stable_learning_rate"])


def samples_table(deps: Deps) -> dict[str, np.ndarray]:
    with deps.database.read() as session:
        key = session.query(DatasetRow).first().table_key  # type: ignore[union-attr]  # there is one
    table = pq.read_table(io.BytesIO(read_blob(deps.blobs, key)))
    return {name: table[name].to_numpy() for name in ("a", "b")}


def test_another_datasets_rows_judge_the_model(deps: Deps) -> None:
    other = add_dataset(deps, seed=1)
    job = trained(deps, split={"test": 0.1, "validation_dataset": other})
    _, report = version_of(deps, job)
    assert report["rows"] == {"train": 108, "validation": ROWS, "test": 12}
    with deps.database.read() as session:
        datasets = {id: session.get_one(DatasetRow, id).sha256 for id in (job.dataset_id, other)}
    lineage = report["lineage"]
    assert (lineage["dataset_sha256"], lineage["validation_dataset_sha256"]) == tuple(datasets.values())
    assert lineage["spec"]["split"]["validation_dataset"] == other
    assert len(report["residuals"]["worst"]) > 0
    # by hand: the predictions of y = 3a - 2b + 10, which is what was learnt, on the other rows
    assert report["metrics"]["validation"]["r2"] > 0.9999
    assert report["baseline"]["validation"]["r2"] < 0.1
    with deps.database.write() as session:
        session.delete(session.get_one(DatasetRow, other))
    job = trained(deps, model="n")
    assert version_of(deps, job)[1]["lineage"]["validation_dataset_sha256"] is None


def test_a_validation_dataset_deleted_meanwhile_is_named(deps: Deps) -> None:
    other = add_dataset(deps, seed=1)
    body = {"dataset": add_dataset(deps), "model": "m", "target": "y", "split": {"validation_dataset": other}}
    id = submit(deps.database, deps.queue, DEFAULT_OWNER, deps.limits, body, None, lambda job: {}).job_id
    with deps.database.write() as session:
        session.delete(session.get_one(DatasetRow, other))
    run(deps, id)
    with deps.database.read() as session:
        error = jobs.get(session, DEFAULT_OWNER, id).error or {}
    assert error["code"] == "dataset_not_found"
    assert other in error["detail"]


@pytest.mark.parametrize("network", ["linear", "mlp"])
def test_lbfgs_trains_a_job(deps: Deps, network: str) -> None:
    hidden = {} if network == "linear" else {"hidden": [16]}
    job = trained(deps, optimizer={"kind": "lbfgs"}, network={"kind": network, **hidden}, epochs=30)
    _, report = version_of(deps, job)
    assert job.spec["optimizer"]["learning_rate"] == 1.0
    assert report["metrics"]["validation"]["r2"] > 0.99  # the target is a linear one
    if network == "linear":
        assert report["certificate"]["gap"] < 1e-9 * report["baseline"]["validation"]["mse"]


@pytest.mark.parametrize("network", ["linear", "mlp"])
def test_several_targets_are_learnt_at_once(deps: Deps, network: str) -> None:
    body = {"target": ["y", "b"], "features": ["a", "gaps"], "network": {"kind": network}, "epochs": 30}
    job = trained(deps, **body, early_stopping=None, refit="never")  # the published scales are the history's
    version, report = version_of(deps, job)
    assert (version.target, job.spec["target"]) == (["y", "b"], ["y", "b"])
    judged = report["metrics"]["validation"]
    each = judged["by_target"]
    assert set(each) == {"y", "b"}
    assert judged["mse"] == pytest.approx((each["y"]["mse"] + each["b"]["mse"]) / 2)
    # a row's loss is the sum of its targets' scaled losses
    scales = json.loads(read_file(deps.blobs, version.files[MANIFEST]))["target_scale"]["scale"]
    summed = sum(each[name]["mse"] / scale**2 for name, scale in zip(("y", "b"), scales, strict=True))
    assert report["history"][-1]["validation_loss"] == pytest.approx(summed, rel=1e-3)
    assert report["loss_units"] == "scaled, summed over the targets"
    assert (report["certificate"], report["importance"], report["residuals"]) == (None, None, None)
    assert set(report["by_target"]) == {"y", "b"}
    for name, told in report["by_target"].items():
        assert (told["certificate"] is None) == (network == "mlp")
        assert {one["feature"] for one in told["importance"]} == {"a", "gaps"}
        residuals = np.array(told["residuals"]["points"]["truth"]) - told["residuals"]["points"]["prediction"]
        assert np.sqrt(np.mean(residuals**2)) == pytest.approx(each[name]["rmse"])  # all rows are shown: they are few
        assert told["intervals"] is not None
    assert (report["verdict"] is None) == (network == "linear")
    card = read_file(deps.blobs, version.files["model-card.md"]).decode()
    assert "### `y`" in card
    assert "### `b`" in card
    assert {"loss.svg", "residuals-1.svg", "residuals-2.svg", "importance-2.svg"} <= set(version.files)
    assert "residuals.svg" not in version.files


def test_targets_learnt_together_by_a_linear_neuron_are_those_learnt_alone(deps: Deps) -> None:
    """Its outputs share nothing: coefficients by least squares for each."""
    body = {"features": ["a", "gaps"], "missing": "mean", "split": {"validation": 0.0}, "epochs": 300}
    _, together = version_of(deps, trained(deps, target=["y", "b"], **body))
    for name in ("y", "b"):
        _, alone = version_of(deps, trained(deps, target=name, model="alone", **body))
        certificate = together["by_target"][name]["certificate"]
        assert certificate["optimum_loss"] == pytest.approx(alone["certificate"]["optimum_loss"])
        for one, same in zip(certificate["coefficients"], alone["certificate"]["coefficients"], strict=True):
            assert one.pop("feature") == same.pop("feature")
            assert one == pytest.approx(same, rel=1e-10)
        assert together["metrics"]["train"]["by_target"][name]["mse"] == pytest.approx(
            alone["metrics"]["train"]["mse"], rel=1e-5
        )


def messages(deps: Deps, job: JobRow) -> str:
    with deps.database.read() as session:
        events = jobs.events_after(session, job.id, 0, 1000)
    return "\n".join(event.data["text"] for event in events if event.type == "message")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, ["task 'regression'", "loss 'mse'", "standardised", "batch descent", "optimizer 'sgd'", "schedule",
              "no early stopping", "learning rate", "epochs: enough for this curvature", "device 'cpu'"]),
        ({"network": {"kind": "mlp"}}, ["hidden layers", "batch size", "optimizer 'adam'", "schedule", "members",
                                        "no epoch ends", "epochs of", "learning rate", "device 'cpu'"]),
        ({"network": {"kind": "mlp", "hidden": [8]}}, ["batch size", "optimizer 'adam'", "schedule",
                                                       "early stopping after", "learning rate"]),
        ({"target": "kind"}, ["task 'binary'", "loss 'cross_entropy'", "early stopping after", "learning rate"]),
        ({"optimizer": {"kind": "lbfgs"}}, ["all rows in each step", "line search", "epochs: the most"]),
        ({"optimizer": {"kind": "sgd", "momentum": "auto", "learning_rate": 0.01}}, ["momentum 0"]),
    ],
)  # fmt: skip
def test_each_choice_made_in_the_clients_stead_is_told(deps: Deps, changes: dict[str, Any], told: list[str]) -> None:
    job = trained(deps, **changes)
    assert job.state == "succeeded"
    assert '"auto"' not in json.dumps({name: value for name, value in job.spec.items() if name != "metadata"})
    said = messages(deps, job)
    assert [what for what in told if what not in said] == []


def test_a_training_that_stops_early_says_so(deps: Deps) -> None:
    job = trained(deps, target="kind", features=["gaps"], early_stopping={"patience": 1}, epochs=500)
    assert (job.progress or {})["epoch"] < 500
    assert "no lower validation loss since" in messages(deps, job)
    job = trained(deps, network={"kind": "mlp"}, early_stopping=None, epochs=5000, budget_seconds=0.05)
    assert "budget_seconds (0.05 s)" in messages(deps, job)


def test_a_budget_shorter_than_an_epoch_publishes_what_its_steps_have_learnt(deps: Deps) -> None:
    steps = {"batch_size": 1, "engine": "autograd", "network": {"kind": "mlp"}}
    job = trained(deps, **steps, budget_seconds=0.001)  # of an epoch of 96 steps, each some tens of microseconds
    _, report = version_of(deps, job)
    assert len(report["history"]) == 1
    (warned,) = [warning["detail"] for warning in report["warnings"] if warning["code"] == "cut_off"]
    assert warned in messages(deps, job)
    assert "of its steps: budget_seconds (0.001 s) is over" in warned


def test_a_network_carries_the_verdict_and_a_neuron_the_certificate(deps: Deps) -> None:
    _, report = version_of(deps, trained(deps, network={"kind": "mlp"}, epochs=60))
    assert (report["certificate"], report["certificate_left_out"]) == (None, None)
    found = report["verdict"]
    assert found["worth_it"] in ("no", "unclear")  # the target is a linear one
    assert found["linear"]["validation"]["r2"] > 0.9999
    assert found["linear"]["train"]["mse"] < report["metrics"]["train"]["mse"]
    assert found["linear"]["test"] == {}
    assert found["interval"][0] < found["difference"] < 0
    assert found["rows"] == report["rows"]["validation"]
    _, report = version_of(deps, trained(deps))
    assert report["verdict"] is None
    assert report["certificate"]["gap"] >= 0


def test_classes_that_are_separated_are_named_in_the_report(deps: Deps) -> None:
    _, report = version_of(deps, trained(deps, target="kind"))  # it is the sign of a
    assert report["certificate"]["separation"]["classes"] == ["k0", "k1"]
    assert report["certificate"]["optimum_loss"] == 0
