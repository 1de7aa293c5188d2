"""A batch prediction from its claim to its file: row by row what the model says, whatever the table."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import update

from service.domain.access.owners import DEFAULT_OWNER
from service.domain.model.feature import Feature
from service.domain.model.network import Network
from service.domain.model.predictor import Predictor, TargetScale
from service.domain.model.transform import FittedTransform
from service.errors import StorageFull
from service.store import jobs, models
from service.store.session import now
from service.store.tables import JobRow, Json
from service.usecases.cancel import cancel
from service.wiring import Deps
from tests import samples
from tests.unit.workers.batch.running import (
    add_table,
    classes,
    content,
    job_of,
    linear,
    lines,
    predicted,
    rows,
    submitted,
)
from workers.batch import parts
from workers.jobs.dispatch import run
from workers.sweeper import sweep
from workers.tidying import tidy


def numbers(count: int, seed: int = 0) -> tuple[np.ndarray, pa.Table]:
    X = np.random.default_rng(seed).normal(size=(count, 2)) * [1, 1e6]
    return X, pa.table({"a": X[:, 0], "b": X[:, 1], "beside": ["…"] * count})


def test_every_row_has_its_number_and_its_prediction(deps: Deps) -> None:
    X, table = numbers(20_001)
    samples.publish(deps, linear({"a": 2.0, "b": -0.5}, 3.0), "m")
    dataset = add_table(deps, table)
    expected = X[:, 0].astype(np.float32).astype(float) * 2 - X[:, 1].astype(np.float32).astype(float) / 2 + 3
    found = rows(deps, predicted(deps, model="m", dataset=dataset, format="parquet"))
    assert found.column_names == ["row", "prediction"]
    assert found.column("row").to_pylist() == list(range(1, 20_002))
    assert np.array_equal(found.column("prediction").to_numpy(), expected)
    written = lines(deps, predicted(deps, model="m", dataset=dataset))
    assert [int(row["row"]) for row in written] == list(range(1, 20_002))
    assert [float(row["prediction"]) for row in written] == expected.tolist()


def test_several_targets_are_columns_by_their_names(deps: Deps) -> None:
    one = linear({"a": 1.0}, 0.0)
    several = Predictor(
        "regression",
        ("row", "depth"),
        one.transform,
        Network((1, 2)),
        np.array([1, -1, 0, 0.5], dtype=np.float32),
        (TargetScale(1.0, 2.0), TargetScale()),
    )
    samples.publish(deps, several, "m")
    job = predicted(deps, model="m", dataset=add_table(deps, pa.table({"a": [1.0, 4.0]})), format="parquet")
    # the model has a target of that name: the row's number takes another
    assert rows(deps, job).to_pydict() == {"row_": [1, 2], "row": [3.0, 9.0], "depth": [-0.5, -3.5]}


def test_classes_have_their_label_and_the_probability_of_each(deps: Deps) -> None:
    samples.publish(deps, classes(('say "no"', "a, b", "plain")), "words")
    samples.publish(deps, classes((3, 7)), "integers")
    samples.publish(deps, classes((False, True)), "flags")
    x = np.array([-1.0, 0.0, 2.0])
    dataset = add_table(deps, pa.table({"x": x}))
    scores = np.exp(np.outer(x, [0, 1, 2]))
    expected = scores / scores.sum(axis=1, keepdims=True)
    found = lines(deps, predicted(deps, model="words", dataset=dataset))
    assert list(found[0]) == ["row", "label", 'p_say "no"', "p_a, b", "p_plain"]
    assert [row["label"] for row in found] == ['say "no"', 'say "no"', "plain"]
    assert np.array([[float(row[name]) for name in list(row)[2:]] for row in found]) == pytest.approx(expected)
    integers = rows(deps, predicted(deps, model="integers", dataset=dataset, format="parquet"))
    assert integers.column("label").to_pylist() == [3, 3, 7]
    assert integers.column_names == ["row", "label", "p_3", "p_7"]
    flags = predicted(deps, model="flags", dataset=dataset, format="parquet")
    assert rows(deps, flags).column("label").to_pylist() == [False, False, True]
    assert [row["label"] for row in lines(deps, predicted(deps, model="flags", dataset=dataset))] == [
        "false", "false", "true",
    ]  # fmt: skip


def test_rows_that_cannot_be_predicted_are_empty_and_say_why(deps: Deps) -> None:
    samples.publish(deps, classes(("cat", "dog"), fill=None), "m")
    dataset = add_table(deps, pa.table({"x": [1.0, None, -1.0]}))
    job = predicted(deps, model="m", dataset=dataset)
    why = "column 'x': is missing, and this model does not impute"
    first, second, third = lines(deps, job)
    assert second == {"row": "2", "label": "", "p_cat": "", "p_dog": "", "error": why}
    assert (first["label"], first["error"], third["label"], third["error"]) == ("dog", "", "cat", "")
    assert job.result is not None
    assert (job.result["rows"], job.result["failed_rows"]) == (3, 1)
    assert messages(deps, job.id)[-1] == "1 row has no prediction; see the error column"
    found = rows(deps, predicted(deps, model="m", dataset=dataset, format="parquet"))
    assert found.column("error").to_pylist() == [None, why, None]
    assert found.column("p_dog").null_count == found.column("label").null_count == 1
    whole = rows(
        deps,
        predicted(deps, model="m", dataset=add_table(deps, pa.table({"x": [1.0, 0.0, -1.0]})), format="parquet"),
    )
    for name in ("p_cat", "p_dog"):  # the others are as if there were no gap beside them
        assert found.column(name).to_pylist()[::2] == whole.column(name).to_pylist()[::2]


def test_columns_of_another_kind_mean_what_their_cells_mean_in_a_csv(deps: Deps) -> None:
    moment = datetime(2024, 2, 29, 12)
    features = (
        Feature("n", "numeric", fill=100.0),
        Feature("c", "categorical", categories=("7", "8"), fill_category="8"),
        Feature("b", "boolean", fill=0.0),
        Feature("w", "boolean", fill=0.0),
        Feature("t", "datetime", fill=0.0),
        Feature("g", "numeric", fill=0.25),
    )
    # one input for each: the number, [c = 7], the two flags, days since 1970, the filled gap
    kept = np.array([0, 1, 3, 4, 5, 12])
    predictor = Predictor(
        "regression",
        "y",
        FittedTransform(features, kept, np.zeros(6), np.ones(6)),
        Network((6, 1)),
        np.array([1, 1000, 10_000, 20_000, 0, 1, 0], dtype=np.float32),
    )
    days = Predictor(
        "regression", "y", predictor.transform, predictor.network, np.array([0, 0, 0, 0, 1, 0, 0], dtype=np.float32)
    )
    samples.publish(deps, predictor, "m")
    samples.publish(deps, days, "days")
    table = pa.table(
        {
            "n": [" 1.5", "x" * 80, None, "1e2"],
            "c": [7.0, 8.0, None, 9.0],
            "b": [1.0, 0.0, None, 1.0],
            "w": ["Yes", "no", "perhaps", None],
            "t": [moment.isoformat() + "Z", "2024-02-30", None, "1970-01-02"],
            "g": pa.nulls(4, pa.string()),
        }
    )
    dataset = add_table(deps, table)
    found = lines(deps, predicted(deps, model="m", dataset=dataset))
    assert [row["prediction"] for row in found] == ["31001.75", "", "", "10100.25"]
    assert found[1]["error"] == f"column 'n': \"{'x' * 60}\" is not a finite number"
    assert found[2]["error"] == "column 'w': \"perhaps\" is not true or false"
    written = [row["prediction"] for row in lines(deps, predicted(deps, model="days", dataset=dataset))]
    seconds = (moment - datetime(1970, 1, 1)).total_seconds()
    assert [float(text) for text in written if text] == [np.float32(seconds / 86_400), 1.0]
    other = add_table(deps, table.set_column(0, "n", pa.array([1.0, 2.0, 3.0, 4.0])))
    told = lines(deps, predicted(deps, model="m", dataset=other))[1]["error"]
    assert told == "column 't': \"2024-02-30\" is not a date"


def test_a_wide_networks_numbers_are_those_of_plain_numpy(deps: Deps) -> None:
    net = Network((1, 1600, 1))
    weights = np.random.default_rng(0).normal(size=net.n_parameters).astype(np.float32)
    one = linear({"a": 1.0}, 0.0)
    samples.publish(deps, Predictor("regression", "y", one.transform, net, weights), "wide")
    x = np.random.default_rng(1).normal(size=6000)
    job = predicted(deps, model="wide", dataset=add_table(deps, pa.table({"a": x})), format="parquet")
    first, bias, last = weights[:1600].astype(float), weights[1600:3200].astype(float), weights[3200:-1].astype(float)
    hidden = np.maximum(np.outer(x.astype(np.float32).astype(float), first) + bias, 0)
    expected = hidden @ last + float(weights[-1])
    assert rows(deps, job).column("prediction").to_numpy() == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_parts_leave_no_trace_in_the_result(make_deps: Callable[..., Deps], format: str) -> None:
    often, once = make_deps(checkpoint_seconds=0.0), make_deps(checkpoint_seconds=3600.0)
    _, table = numbers(300_000)
    samples.publish(once, linear({"a": 2.0, "b": -0.5}, 3.0), "m")
    dataset = add_table(once, table, group_rows=70_000)
    in_parts = predicted(often, model="m", dataset=dataset, format=format)
    whole = predicted(once, model="m", dataset=dataset, format=format)
    assert in_parts.result == whole.result
    assert (in_parts.checkpoint_key, in_parts.lease_until, in_parts.model_version) == (None, None, 1)
    if format == "parquet":
        metadata = pq.ParquetFile(pa.BufferReader(content(once, whole))).metadata
        sizes = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
        assert sizes == [parts.GROUP_ROWS, parts.GROUP_ROWS, 300_000 - 2 * parts.GROUP_ROWS]


def test_a_table_without_rows_gives_a_file_without_rows(deps: Deps) -> None:
    samples.publish(deps, linear({"a": 1.0}, 0.0), "m")
    dataset = add_table(deps, pa.table({"a": pa.array([], pa.float64())}))
    assert content(deps, predicted(deps, model="m", dataset=dataset)) == b"row,prediction\n"
    assert rows(deps, predicted(deps, model="m", dataset=dataset, format="parquet")).num_rows == 0


def test_progress_counts_rows_and_has_no_epochs(deps: Deps) -> None:
    _, table = numbers(10_000)
    samples.publish(deps, linear({"a": 2.0, "b": -0.5}, 3.0), "m")
    job = predicted(deps, model="m", dataset=add_table(deps, table))
    progress = job.progress or {}
    assert (progress["fraction"], progress["epoch"], progress["epochs"], progress["train_loss"]) == (
        1.0,
        None,
        None,
        None,
    )
    assert progress["rows_per_second"] > 0
    assert progress["eta_seconds"] == 0
    told = events(deps, job.id)
    assert [event["type"] for event in told] == ["state", "state", "progress", "state"]
    assert [event.get("state") for event in told if event["type"] == "state"] == ["queued", "running", "succeeded"]


def test_a_version_deleted_before_the_job_began_ends_it_with_the_reason(deps: Deps) -> None:
    samples.publish(deps, linear({"a": 1.0}, 0.0), "m")
    id = submitted(deps, model="m", dataset=add_table(deps, pa.table({"a": [1.0]})))
    with deps.database.write() as session:
        models.delete_version(session, DEFAULT_OWNER, "m", 1)
    run(deps, id)
    job = job_of(deps, id)
    assert job.state == "failed"
    assert job.error is not None
    assert job.error["code"] == "version_not_found"
    assert "deleted before the job ended" in job.error["detail"]


def test_a_full_disk_ends_the_job_with_the_reason(deps: Deps, monkeypatch: pytest.MonkeyPatch) -> None:
    samples.publish(deps, linear({"a": 1.0}, 0.0), "m")
    id = submitted(deps, model="m", dataset=add_table(deps, pa.table({"a": [1.0]})))

    def full(*_: object) -> None:
        raise StorageFull("the data disk is full; nothing was stored")

    monkeypatch.setattr(parts.CsvPart, "add", full)
    run(deps, id)
    job = job_of(deps, id)
    assert (job.state, (job.error or {})["code"], job.result) == ("failed", "storage_full", None)


def test_a_stopping_worker_gives_its_job_back_and_another_goes_on_after_the_kept_parts(
    make_deps: Callable[..., Deps], stopping: threading.Event
) -> None:
    deps = make_deps(checkpoint_seconds=0.0)
    _, table = numbers(400_000)
    samples.publish(deps, linear({"a": 2.0, "b": -0.5}, 3.0), "m")
    dataset = add_table(deps, table)
    undisturbed = predicted(deps, model="m", dataset=dataset)
    id = submitted(deps, model="m", dataset=dataset)
    thread = threading.Thread(target=run, args=(deps, id))
    thread.start()
    while len((job_of(deps, id).result or {}).get("parts", ())) < 3:
        assert thread.is_alive()
    stopping.set()
    thread.join()
    given_back = job_of(deps, id)
    assert (given_back.state, given_back.attempt, given_back.lease_until) == ("queued", 0, None)
    done = sum(part["rows"] for part in (given_back.result or {})["parts"])
    assert 3 * 8192 <= done < 400_000
    stopping.clear()
    run(deps, id)
    assert job_of(deps, id).result == undisturbed.result
    assert f"continues after row {done:,}" in messages(deps, id)


def test_a_cancelled_job_keeps_nothing(make_deps: Callable[..., Deps]) -> None:
    deps = make_deps(checkpoint_seconds=0.0, heartbeat_seconds=0.05)
    _, table = numbers(2_000_000)
    samples.publish(deps, linear({"a": 2.0, "b": -0.5}, 3.0), "m")
    id = submitted(deps, model="m", dataset=add_table(deps, table, group_rows=100_000))
    thread = threading.Thread(target=run, args=(deps, id))
    thread.start()
    while not (job_of(deps, id).result or {}).get("parts"):
        assert thread.is_alive()
    assert cancel(deps.database, deps.changes, DEFAULT_OWNER, id).state == "cancelling"
    thread.join()
    job = job_of(deps, id)
    assert (job.state, job.result, job.lease_until) == ("cancelled", None, None)


def test_parts_stay_while_the_job_runs_and_the_result_for_good(make_deps: Callable[..., Deps]) -> None:
    deps = make_deps(checkpoint_seconds=0.0, orphan_seconds=0.0)
    _, table = numbers(30_000)
    samples.publish(deps, linear({"a": 2.0, "b": -0.5}, 3.0), "m")
    dataset = add_table(deps, table)
    tidy(deps)
    before = set(deps.blobs.keys(0))
    part, other = deps.blobs.put(b"1,2\n").key, deps.blobs.put(b"2,3\n").key
    samples.job(
        deps, kind="predict", state="running", lease_until=now() + timedelta(minutes=1),
        result={"parts": [{"key": part, "rows": 1, "failed": 0}, {"key": other, "rows": 1, "failed": 0}]},
    )  # fmt: skip
    job = predicted(deps, model="m", dataset=dataset)
    assert job.result is not None
    assert len(set(deps.blobs.keys(0)) - before) > 3  # with the parts of the job that has ended
    tidy(deps)
    assert set(deps.blobs.keys(0)) == before | {part, other, job.result["sha256"]}


def test_a_job_whose_workers_all_died_keeps_nothing(make_deps: Callable[..., Deps]) -> None:
    deps = make_deps(max_attempts=1)
    kept = {"parts": [{"key": "0" * 64, "rows": 1, "failed": 0}]}
    ago = now() - timedelta(minutes=1)
    lost = samples.job(deps, kind="predict", state="running", attempt=1, lease_until=ago, result=kept).id
    cancelled = samples.job(deps, kind="predict", state="cancelling", attempt=1, lease_until=ago, result=kept).id
    sweep(deps)
    assert (job_of(deps, lost).state, job_of(deps, lost).result) == ("failed", None)
    assert (job_of(deps, cancelled).state, job_of(deps, cancelled).result) == ("cancelled", None)


def test_a_lost_lease_writes_nothing(deps: Deps) -> None:
    _, table = numbers(50_000)
    samples.publish(deps, linear({"a": 2.0, "b": -0.5}, 3.0), "m")
    id = submitted(deps, model="m", dataset=add_table(deps, table))
    real = parts.CsvPart.add

    def steal(self: parts.CsvPart, piece: pa.Table) -> None:
        with deps.database.write() as session:  # as the claim of another worker does
            session.execute(update(JobRow).where(JobRow.id == id, JobRow.fence == 1).values(fence=2))
        real(self, piece)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts.CsvPart, "add", steal)
        run(deps, id)
    job = job_of(deps, id)
    assert (job.state, job.fence, job.result, job.finished_at) == ("running", 2, None, None)
    assert [event["type"] for event in events(deps, id)] == ["state", "state"]


def events(deps: Deps, id: str) -> list[Json]:
    with deps.database.read() as session:
        return [{"type": event.type, **event.data} for event in jobs.events_after(session, id, 0, 10_000)]


def messages(deps: Deps, id: str) -> list[str]:
    return [event["text"] for event in events(deps, id) if event["type"] == "message"]
