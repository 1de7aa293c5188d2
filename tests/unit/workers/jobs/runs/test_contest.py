"""`"network": {"kind": "auto"}`: both are trained, and the one that the validation rows like better is published."""

from __future__ import annotations

import io
import json
import math
import re
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.special import stdtr

from service.domain.access.owners import DEFAULT_OWNER
from service.domain.model.artifact import REPORT, WEIGHTS
from service.domain.resolving.settling import CALLED
from service.errors import SpecInvalid
from service.store import jobs, models
from service.store.blobs.bundles import read_file
from service.store.tables import JobRow
from service.usecases.cancel import cancel
from service.usecases.preflight import preflight
from service.usecases.submit import submit
from service.wiring import Deps
from tests import samples
from workers.explain.verdict import paired
from workers.jobs import train
from workers.jobs.better import leads, sentence_of
from workers.jobs.dispatch import run
from workers.jobs.record import telling
from workers.jobs.record.training import AskedTraining, TrainingRecorder
from workers.jobs.runs import contest
from workers.lease import Cancelled, WorkerStopping
from workers.training import checkpoint
from workers.training.data.prepare import Prepared
from workers.training.progress import EpochEnded

ROWS = 400


def add_dataset(deps: Deps) -> str:
    """`line` is linear in x and z, `ring` is not, `alike` does not depend on them, `side` is a class."""
    rng = np.random.default_rng(3)
    x, z, noise = rng.normal(size=ROWS), rng.normal(size=ROWS), rng.normal(size=ROWS)
    cells = {
        "x": x,
        "z": z,
        "line": 3 * x - 2 * z + 0.1 * noise,
        "ring": x**2 + z**2 + 0.1 * noise,
        "side": [f"k{int(value > 1)}" for value in x**2 + z**2],
    }
    out = io.BytesIO()
    pq.write_table(pa.table(cells), out)
    columns = [
        {"name": name, "kind": "categorical" if name == "side" else "numeric", "nulls": 0,
         "distinct": 2 if name == "side" else ROWS}
        for name in cells
    ]  # fmt: skip
    table = deps.blobs.put(out.getvalue()).key
    return samples.dataset(deps, rows=ROWS, columns=columns, table_key=table, sha256=table).id


def body(dataset: str, target: str, kind: str = "auto", **changes: Any) -> dict[str, Any]:
    network = {"kind": kind, **({} if kind == "linear" else {"hidden": [8]})}
    return {"dataset": dataset, "model": "m", "target": target, "features": ["x", "z"], "network": network, **changes}


def submitted(deps: Deps, asked: dict[str, Any]) -> str:
    return submit(deps.database, deps.queue, DEFAULT_OWNER, deps.limits, asked, None, lambda job: {}).job_id


def trained(deps: Deps, asked: dict[str, Any]) -> JobRow:
    id = submitted(deps, asked)
    run(deps, id)
    with deps.database.read() as session:
        return jobs.get(session, DEFAULT_OWNER, id)


def files_of(deps: Deps, job: JobRow) -> tuple[dict[str, Any], bytes]:
    """The report and the weights of the job's version."""
    assert job.model_version is not None, job.error
    with deps.database.read() as session:
        version = models.get_version(session, DEFAULT_OWNER, "m", job.model_version)
    return json.loads(read_file(deps.blobs, version.files[REPORT])), read_file(deps.blobs, version.files[WEIGHTS])


def messages(deps: Deps, job: JobRow) -> list[str]:
    with deps.database.read() as session:
        events = jobs.events_after(session, job.id, 0, 10_000)
    return [event.data["text"] for event in events if event.type == "message"]


@pytest.mark.parametrize("bins", [0, 4])
@pytest.mark.parametrize(("target", "kind"), [("line", "linear"), ("ring", "mlp"), ("side", "mlp")])
def test_what_is_published_is_what_a_job_alone_publishes(deps: Deps, target: str, kind: str, bins: int) -> None:
    dataset = add_dataset(deps)
    auto = trained(deps, body(dataset, target, numeric_bins=bins))
    report, weights = files_of(deps, auto)
    bodies = {"linear": body(dataset, target, "linear"), "mlp": body(dataset, target, "mlp", numeric_bins=bins)}
    alone = {name: files_of(deps, trained(deps, asked)) for name, asked in bodies.items()}
    assert auto.spec["numeric_bins"] == (bins if kind == "mlp" else 0)
    metric = "log_loss" if target == "side" else "mse"
    losses = {name: told["metrics"]["validation"][metric] for name, (told, _) in alone.items()}
    assert kind == min(losses, key=lambda name: losses[name])
    assert weights == alone[kind][1]
    assert report["metrics"] == alone[kind][0]["metrics"]
    assert auto.spec["network"]["kind"] == report["lineage"]["spec"]["network"]["kind"] == kind
    assert "auto" not in json.dumps({**auto.spec, "metadata": None})
    choice = report["choice"]
    assert choice["kind"] == kind
    for name, (told, _) in alone.items():
        assert choice[name]["loss"] == pytest.approx(losses[name], rel=1e-6)
        assert choice[name]["epochs"] == len(told["history"])
    assert choice["sentence"] in messages(deps, auto)
    assert report["verdict"]["linear"] == alone["linear"][0]["metrics"]
    assert report["verdict"]["difference"] == pytest.approx(losses["linear"] - losses["mlp"], rel=1e-6)
    assert (report["certificate"] is None) == (kind == "mlp")


def without_times(report: dict[str, Any]) -> str:
    """A report as it is told again, but for what a run has taken."""

    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: bare(part) for name, part in value.items() if name not in ("seconds", "validation_seconds")}
        return [bare(part) for part in value] if isinstance(value, list) else value

    return json.dumps(bare(report))


@pytest.mark.parametrize("bins", [0, 4])
@pytest.mark.parametrize("stage", ["linear", "mlp"])
@pytest.mark.parametrize("target", ["line", "ring"])
def test_a_job_that_was_stopped_in_either_run_ends_in_the_same_bits(
    make_deps: Callable[..., Deps],
    monkeypatch: pytest.MonkeyPatch,
    stopping: threading.Event,
    target: str,
    stage: str,
    bins: int,
) -> None:
    deps = make_deps()
    dataset = add_dataset(deps)
    whole, weights = files_of(deps, trained(deps, body(dataset, target, epochs=12, numeric_bins=bins)))
    id = submitted(deps, body(dataset, target, epochs=12, numeric_bins=bins))
    epoch, left = TrainingRecorder.epoch, {"linear": 3, "mlp": 15}[stage]

    def stopped(recorder: TrainingRecorder, ended: EpochEnded) -> None:
        nonlocal left
        left -= 1
        if not left:
            stopping.set()  # as SIGTERM does: the epoch is saved, however long ago the last one was
        epoch(recorder, ended)

    with monkeypatch.context() as patched:
        patched.setattr(TrainingRecorder, "epoch", stopped)
        run(deps, id)
    stopping.clear()
    with deps.database.read() as session:
        job = jobs.get(session, DEFAULT_OWNER, id)
        assert (job.state, job.spec["network"]["kind"]) == ("queued", "auto")
    seen: list[tuple[str, int]] = []

    def watched(recorder: TrainingRecorder, ended: EpochEnded) -> None:
        seen.append((recorder._spec.network.kind, ended.epoch))
        epoch(recorder, ended)

    monkeypatch.setattr(TrainingRecorder, "epoch", watched)
    run(deps, id)
    assert seen[0] == (stage, {"linear": 4, "mlp": 4}[stage])
    with deps.database.read() as session:
        report, again = files_of(deps, jobs.get(session, DEFAULT_OWNER, id))
    assert again == weights
    assert without_times(report) == without_times(whole)


def test_a_stopped_job_that_had_ended_both_runs_learns_nothing_more(
    make_deps: Callable[..., Deps], monkeypatch: pytest.MonkeyPatch
) -> None:
    deps = make_deps(checkpoint_seconds=0.0, checkpoint_bytes_per_second=10**12)
    monkeypatch.setattr(checkpoint, "FREE_SECONDS", math.inf)  # however slow the disk, each epoch is saved
    monkeypatch.setattr(telling, "EVENT_SECONDS", 0.0)  # as if each epoch took long: all are told
    id = submitted(deps, body(add_dataset(deps), "line", epochs=3, refit="never"))

    def stopped(*_: object) -> None:
        raise WorkerStopping

    with monkeypatch.context() as stopping:
        stopping.setattr(train, "publish", stopped)
        run(deps, id)
    run(deps, id)
    with deps.database.read() as session:
        events = jobs.events_after(session, id, 0, 1000)
        job = jobs.get(session, DEFAULT_OWNER, id)
    assert (job.state, job.spec["network"]["kind"]) == ("succeeded", "linear")
    told = [event.data for event in events if event.type == "epoch"]
    assert [(one["stage"], one["epoch"]) for one in told] == [
        (name, n) for name in ("linear", "mlp") for n in (1, 2, 3)
    ]
    fractions = [one["fraction"] for one in told]
    assert fractions == sorted(fractions)
    assert (fractions[2], fractions[-1]) == (0.1, 1.0)
    assert [one["eta_seconds"] is None for one in told] == [True] * 3 + [False] * 3


@pytest.mark.parametrize(
    ("network", "rate", "diverges", "kept"),
    [
        ({"hidden": [64, 64], "activation": "identity"}, 0.9, "mlp", "linear"),  # its curvature is many times theirs
        ({"hidden": [1], "activation": "tanh"}, 1.1, "linear", "mlp"),  # what tanh gives is less than 1
    ],
)
def test_one_that_diverges_has_lost(deps: Deps, network: dict[str, Any], rate: float, diverges: str, kept: str) -> None:
    asked = body(
        add_dataset(deps), "line", optimizer={"kind": "sgd", "learning_rate": rate}, epochs=200, batch_size="full",
        early_stopping=None,
    )  # fmt: skip
    asked["network"] |= {**network, "bias": False}
    report, _ = files_of(deps, job := trained(deps, asked))
    choice = report["choice"]
    assert (choice["kind"], choice[diverges]["loss"]) == (kept, None)
    assert "training has failed (the loss" in choice["sentence"]
    assert choice["sentence"] in messages(deps, job)
    assert report["verdict"] is None


def test_where_both_diverge_the_job_fails_with_both_reasons(deps: Deps) -> None:
    sgd = {"kind": "sgd", "learning_rate": 1000.0}
    job = trained(deps, body(add_dataset(deps), "line", optimizer=sgd, batch_size="full", epochs=200))
    assert (job.state, (job.error or {})["code"]) == ("failed", "diverged")
    detail = (job.error or {})["detail"]
    assert detail.startswith("linear neuron: the loss")
    assert "; network: the loss" in detail


@pytest.mark.parametrize("stage", ["linear", "mlp"])
def test_a_cancelled_job_ends_in_either_run(deps: Deps, monkeypatch: pytest.MonkeyPatch, stage: str) -> None:
    id = submitted(deps, body(add_dataset(deps), "ring", epochs=5))

    def cancelled(recorder: TrainingRecorder, ended: EpochEnded) -> None:
        if recorder._spec.network.kind == stage:
            cancel(deps.database, deps.changes, DEFAULT_OWNER, id)
            raise Cancelled(id)

    monkeypatch.setattr(TrainingRecorder, "epoch", cancelled)
    run(deps, id)
    with deps.database.read() as session:
        job = jobs.get(session, DEFAULT_OWNER, id)
    assert (job.state, job.model_version, job.checkpoint_key) == ("cancelled", None, None)


def test_both_share_the_budget_of_time(deps: Deps) -> None:
    """The linear neuron, by steps of single rows, takes its half; the network has the rest."""
    steps: dict[str, Any] = {
        "batch_size": 1,
        "engine": "autograd",
        "optimizer": {"kind": "adam"},
        "early_stopping": None,
    }
    report, _ = files_of(deps, trained(deps, body(add_dataset(deps), "line", **steps, epochs=1000, budget_seconds=0.2)))
    choice = report["choice"]
    assert choice["linear"]["epochs"] < 1000
    assert choice["mlp"]["epochs"] < 1000
    assert report["lineage"]["spec"]["budget_seconds"] == 0.2


def test_without_validation_rows_it_is_refused_with_what_to_do(deps: Deps) -> None:
    asked = body(add_dataset(deps), "line", split={"validation": 0})
    with pytest.raises(SpecInvalid) as raised:
        preflight(deps.database, deps.blobs, DEFAULT_OWNER, deps.limits, asked)
    (error,) = raised.value.errors
    assert error.pointer == "/network/kind"
    assert error.detail == (
        '"auto" compares on validation rows; use "split": {"validation": 0.2}, or choose "linear" or "mlp"'
    )
    for mend in ({"split": {"validation": 0.2}}, {"network": {"kind": "linear"}}, {"network": {"kind": "mlp"}}):
        preflight(deps.database, deps.blobs, DEFAULT_OWNER, deps.limits, {**asked, **mend})


@pytest.mark.parametrize(
    ("losses", "kind", "sentence"),
    [
        ((2.0, 1.0), "mlp", "The network is published: its mean squared error of 1 on the 4 validation rows is lower "
         "than the linear neuron's 2."),
        ((1.0, 2.0), "linear", "The linear neuron is published: its mean squared error of 1 on the 4 validation rows "
         "is lower than the network's 2."),
        ((1.5, 1.5), "linear", "The linear neuron is published: on the 4 validation rows the network has the same mean "
         "squared error, 1.5."),
        ((100.0, 99.0), "mlp", "The network is published: its mean squared error of 99 on the 4 validation rows is "
         'lower than the linear neuron\'s 100; the gain is small, and "network": {"kind": "linear"} publishes the '
         "simpler model."),
    ],
)  # fmt: skip
def test_the_lower_loss_is_published_and_of_equal_ones_the_simpler(
    losses: tuple[float, float], kind: str, sentence: str
) -> None:
    spread = np.array([-0.1, 0.1, -0.2, 0.2])
    found = paired(*(loss + spread for loss in losses))
    assert ("mlp" if leads(found) else "linear") == kind
    assert sentence_of(found, "mean squared error") == sentence


@pytest.mark.parametrize("rows", [3, 10, 1000])
@pytest.mark.parametrize(("errors", "kind"), [(0.74, "linear"), (0.76, "mlp")])
def test_a_network_has_to_lead_by_a_part_of_the_standard_error(rows: int, errors: float, kind: str) -> None:
    draw = np.random.default_rng(rows)
    off = draw.normal(size=rows)
    off += errors * off.std(ddof=1) / math.sqrt(rows) - off.mean()
    linear = 5 + draw.normal(size=rows)
    found = paired(linear, linear - off)
    sentence = sentence_of(found, "mean squared error")
    assert ("mlp" if leads(found) else "linear") == kind
    assert sentence.startswith(f"The {CALLED[kind]} is published: ")
    if kind == "linear":
        figures = re.fullmatch(
            r".* of (\S+) on the [\d,]+ validation rows is lower than its (\S+), but by less than 0.75 of the "
            r"difference's standard error, (\S+), which chance alone gives more than once in five times; .*",
            sentence,
        )
        assert figures
        assert [float(each) for each in figures.groups()] == pytest.approx(
            [(linear - off).mean(), linear.mean(), off.std(ddof=1) / math.sqrt(rows)], rel=0.06
        )
        assert stdtr(rows - 1, -errors) > 1 / 5


def test_on_a_single_row_any_lead_counts() -> None:
    assert leads(paired(np.array([1.0]), np.array([0.9])))
    assert not leads(paired(np.array([1.0]), np.array([1.0])))


@pytest.mark.parametrize(("changes", "times"), [({}, 1), ({"scaler": "robust_clip"}, 1), ({"numeric_bins": 4}, 2)])
def test_the_rows_are_prepared_once_for_each_way_of_reading_them(
    deps: Deps, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], times: int
) -> None:
    made: list[tuple[int, int, int]] = []
    prepare = contest.prepared_for

    def watched(deps: Deps, asked: AskedTraining, taken_bytes: int = 0) -> Prepared:
        found = prepare(deps, asked, taken_bytes=taken_bytes)
        made.append((asked.spec.numeric_bins, taken_bytes, found.memory_bytes))
        return found

    monkeypatch.setattr(contest, "prepared_for", watched)
    assert trained(deps, body(add_dataset(deps), "ring", refit="never", **changes)).state == "succeeded"
    own = 4 * ROWS * 2
    assert made == [(0, 0, own), (4, own, 5 * own)][:times]
