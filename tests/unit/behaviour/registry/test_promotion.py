"""What a bare name means after a training, by the rule that its spec asks for."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import event

from service.domain.access.owners import DEFAULT_OWNER
from service.domain.model.artifact import MANIFEST, WEIGHTS, read
from service.reading.arrow.stored import chunks
from service.store import datasets, jobs, models
from service.store.blobs.bundles import read_file
from service.store.tables import JobRow
from service.usecases.promote import promote as point
from service.usecases.submit import submit
from service.wiring import Deps
from tests import samples
from workers.jobs.dispatch import run
from workers.training.split import VALIDATION, split_rows

ROWS = 200


def add(deps: Deps, cells: Mapping[str, Any], nulls: Mapping[str, int] = MappingProxyType({})) -> str:
    """A ready dataset of these columns, with so many gaps: strings are categories, the rest numbers."""
    out = io.BytesIO()
    pq.write_table(pa.table(dict(cells)), out)
    words = {name for name, values in cells.items() if isinstance(values[0], str)}
    columns = [
        {"name": name, "kind": "categorical" if name in words else "numeric", "nulls": nulls.get(name, 0),
         "distinct": len(set(map(str, values))), "rarest": {"value": "", "count": 20}}
        for name, values in cells.items()
    ]  # fmt: skip
    table = deps.blobs.put(out.getvalue()).key
    return samples.dataset(
        deps, rows=len(next(iter(cells.values()))), columns=columns, table_key=table, sha256=table
    ).id


@pytest.fixture
def noisy(deps: Deps) -> str:
    """y = 3a - 2b and noise."""
    draw = np.random.default_rng(5)
    a, b = draw.normal(size=(2, ROWS))
    c = np.where(a > 0, "up", "down")
    return add(deps, {"a": a, "b": b, "y": 3 * a - 2 * b + 0.3 * draw.normal(size=ROWS), "c": list(map(str, c))})


def train(deps: Deps, dataset: str, **changes: Any) -> JobRow:
    body = {"dataset": dataset, "model": "m", "target": "y", "features": ["a", "b"], **changes}
    id = submit(deps.database, deps.queue, DEFAULT_OWNER, deps.limits, body, None, lambda job: {}).job_id
    run(deps, id)
    with deps.database.read() as session:
        job = jobs.get(session, DEFAULT_OWNER, id)
    assert job.state == "succeeded", job.error
    return job


def serves(deps: Deps) -> int:
    with deps.database.read() as session:
        return models.resolve(session, DEFAULT_OWNER, "m").version


def aliases(deps: Deps) -> dict[str, int]:
    with deps.database.read() as session:
        return models.aliases(session, DEFAULT_OWNER, ["m"])["m"]


def told(deps: Deps, job: JobRow) -> list[dict[str, Any]]:
    """What the job's messages say of promotion."""
    with deps.database.read() as session:
        events = jobs.events_after(session, job.id, 0, 1000)
    assert events[-1].data == {"state": "succeeded"}
    return [event.data for event in events if "promotion" in event.data]


def test_the_newest_version_serves_unless_told_otherwise(deps: Deps, noisy: str) -> None:
    for number in (1, 2):
        job = train(deps, noisy)
        assert (serves(deps), aliases(deps), told(deps, job)) == (number, {}, [])
    point(deps.database, DEFAULT_OWNER, "m", "default", 1, None)
    job = train(deps, noisy)
    assert serves(deps) == 1
    (news,) = told(deps, job)
    assert "alias 'default' is version 1" in news["text"]
    assert news["promotion"]["promoted"] is False


@pytest.mark.parametrize("rule", ["newest", "if_better", "never"])
def test_the_first_version_always_serves(deps: Deps, noisy: str, rule: str) -> None:
    job = train(deps, noisy, promote=rule)
    assert (serves(deps), aliases(deps)) == (1, {})
    assert [news["text"] for news in told(deps, job)] == ["m:1 serves: no other version does"] * (rule != "newest")


def test_what_must_never_serve_leaves_the_bare_name_where_it_was(deps: Deps, noisy: str) -> None:
    train(deps, noisy)
    job = train(deps, noisy, promote="never")
    assert (serves(deps), aliases(deps)) == (1, {"default": 1})
    (news,) = told(deps, job)
    assert news["promotion"] == job.result["promotion"]  # type: ignore[index]
    assert (news["promotion"]["serves"], news["promotion"]["promoted"]) == (1, False)
    train(deps, noisy)  # as ever: an alias 'default' goes before the newest
    assert serves(deps) == 1
    train(deps, noisy, promote="never", model="other")
    assert aliases(deps) == {"default": 1}


def test_an_alias_that_is_there_stays_what_it_was(deps: Deps, noisy: str) -> None:
    for _ in range(2):
        train(deps, noisy)
    first = point(deps.database, DEFAULT_OWNER, "m", "default", 1, None).revision
    for rule in ("never", "if_better"):
        train(deps, noisy, promote=rule, features=["a"])
        with deps.database.read() as session:
            alias = models.get_alias(session, DEFAULT_OWNER, "m", "default")
        assert (alias.version, alias.revision) == (1, first)


def predictions(deps: Deps, dataset: str, number: int) -> np.ndarray:
    """What a version says of every row of a dataset, by its files."""
    with deps.database.read() as session:
        files = models.get_version(session, DEFAULT_OWNER, "m", number).files
        key = datasets.get(session, DEFAULT_OWNER, dataset).table_key
    predictor = read(*(read_file(deps.blobs, files[name]) for name in (MANIFEST, WEIGHTS)))
    assert key is not None
    with deps.blobs.local(key) as path:
        return np.concatenate([predictor.predict(chunk) for chunk in chunks(path, predictor.feature_kinds)])


def test_a_better_version_serves_and_says_by_how_much(deps: Deps, noisy: str) -> None:
    train(deps, noisy, features=["a"])
    job = train(deps, noisy, promote="if_better")
    assert (serves(deps), aliases(deps)) == (2, {})
    (news,) = told(deps, job)
    found = news["promotion"]
    assert (found["promoted"], found["metric"], found["rows"]) == (True, "mse", 40)
    with deps.database.read() as session:
        known = [models.get_version(session, DEFAULT_OWNER, "m", n).metrics["validation"]["mse"] for n in (2, 1)]
    # the same seed and dataset: the same rows, on which each report has its own figure
    assert [found["value"], found["value_of_served"]] == pytest.approx(known, rel=1e-9)
    for figure in known:
        assert f"{figure:.4g}" in news["text"]
    assert "on the same rows" in news["text"]
    assert "favours" not in news["text"]


def test_a_worse_version_does_not_serve(deps: Deps, noisy: str) -> None:
    train(deps, noisy)
    job = train(deps, noisy, features=["b"], promote="if_better")
    assert (serves(deps), aliases(deps)) == (1, {"default": 1})
    (news,) = told(deps, job)
    assert news["promotion"]["value"] > news["promotion"]["value_of_served"]
    better = train(deps, noisy, promote="if_better", features=["a", "b", "c"], network={"kind": "mlp", "hidden": [4]})
    found = better.result["promotion"]  # type: ignore[index]
    assert found["promoted"] is (found["value"] < found["value_of_served"])


def test_a_better_version_moves_the_alias_that_says_what_serves(deps: Deps, noisy: str) -> None:
    train(deps, noisy, features=["b"])
    point(deps.database, DEFAULT_OWNER, "m", "default", 1, None)
    train(deps, noisy, promote="if_better")
    assert (serves(deps), aliases(deps)) == (2, {"default": 2})


@pytest.mark.parametrize("target", ["y", "c"])
def test_as_good_is_not_better(deps: Deps, noisy: str, target: str) -> None:
    train(deps, noisy, target=target)
    job = train(deps, noisy, target=target, promote="if_better")
    assert serves(deps) == 1
    found = told(deps, job)[0]["promotion"]
    assert found["value"] == found["value_of_served"]
    assert found["metric"] == ("mse" if target == "y" else "log_loss")


def test_what_serves_is_judged_on_the_rows_of_the_new_one(deps: Deps, noisy: str) -> None:
    """Another seed holds out other rows; another dataset has other rows altogether."""
    train(deps, noisy, features=["a"])
    job = train(deps, noisy, seed=9, promote="if_better")
    found = told(deps, job)[0]
    assert "favours" in found["text"]
    assert "version 1 was trained on some" in found["text"]
    draw = np.random.default_rng(8)
    a, b = draw.normal(size=(2, 60)) + 1
    y = 3 * a - 2 * b + draw.normal(size=60)
    others = add(deps, {"a": a, "b": b, "y": y})
    train(deps, noisy, split={"validation_dataset": others}, promote="if_better", features=["a", "b"])
    with deps.database.read() as session:
        newest = jobs.get(session, DEFAULT_OWNER, models.get_version(session, DEFAULT_OWNER, "m", 3).job_id).result[
            "promotion"
        ]  # type: ignore[index]
    assert newest["rows"] == 60
    expected = [float(np.mean((predictions(deps, others, number) - y) ** 2)) for number in (3, newest["served_before"])]
    assert [newest["value"], newest["value_of_served"]] == pytest.approx(expected, rel=1e-9)


def test_classes_are_compared_by_their_names(deps: Deps) -> None:
    """The version that serves knows a class more, so that its numbers of the classes are others."""
    draw = np.random.default_rng(3)
    a = draw.normal(size=ROWS)
    three = ["a-first" if number % 10 == 0 else "up" if value > 0 else "down" for number, value in enumerate(a)]
    two = ["up" if value > 0 else "down" for value in a]
    train(deps, add(deps, {"a": a, "c": three}), target="c", features=["a"])
    wide = add(deps, {"a": a, "c": two})
    job = train(deps, wide, target="c", features=["a"], promote="if_better", seed=1)
    found = told(deps, job)[0]["promotion"]
    probabilities = predictions(deps, wide, 1)[:, [1, 2]]  # of "down" and "up", of three in the alphabet's order
    held_out = validation_rows(two, seed=1)
    truth = np.array([("down", "up").index(two[row]) for row in held_out])
    expected = -np.mean(np.log(probabilities[held_out, truth]))
    assert found["value_of_served"] == pytest.approx(expected, rel=1e-9)
    assert found["promoted"] is True


def validation_rows(classes: list[str], seed: int) -> np.ndarray:
    codes = np.array([sorted(set(classes)).index(one) for one in classes])
    return np.flatnonzero(split_rows(seed, np.ones(len(codes), dtype=bool), 0.2, 0.0, codes) == VALIDATION)


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        ({"target": "y"}, {"target": "b", "features": ["a"]}, "version 1 predicts 'y' as numbers, the new one 'b'"),
        ({"target": "y"}, {"target": "c", "features": ["a"]}, "the new one 'c' as classes"),
    ],
)
def test_what_answers_another_question_is_not_replaced(
    deps: Deps, noisy: str, first: dict[str, Any], second: dict[str, Any], why: str
) -> None:
    train(deps, noisy, **first)
    job = train(deps, noisy, promote="if_better", **second)
    assert (serves(deps), aliases(deps)) == (1, {"default": 1})
    (news,) = told(deps, job)
    assert why in news["text"]
    assert news["promotion"]["value_of_served"] is None


def test_rows_without_a_column_of_the_version_that_serves_decide_nothing(deps: Deps, noisy: str) -> None:
    draw = np.random.default_rng(4)
    a = draw.normal(size=ROWS)
    train(deps, noisy)
    for cells, why in (
        ({"a": a, "y": 3 * a}, "needs the column 'b', which these rows do not have"),
        ({"a": a, "b": ["w", "v"] * (ROWS // 2), "y": 3 * a}, "reads 'b' as numeric, and it is categorical here"),
    ):
        job = train(deps, add(deps, cells), features=["a"], promote="if_better")
        assert serves(deps) == 1
        assert why in told(deps, job)[0]["text"]


@pytest.mark.parametrize(("loss", "metric"), [("mae", "mae"), ("quantile", "quantile_loss"), ("huber", "mse")])
def test_the_metric_is_the_one_that_the_loss_makes_small(deps: Deps, noisy: str, loss: str, metric: str) -> None:
    train(deps, noisy)
    job = train(deps, noisy, loss=loss, promote="if_better", **({"quantile": 0.9} if loss == "quantile" else {}))
    found = told(deps, job)[0]["promotion"]
    assert found["metric"] == metric
    if loss == "quantile":
        y = column(deps, noisy, "y")
        held_out = validation_rows(["one"] * ROWS, seed=0)
        error = (y - predictions(deps, noisy, 1))[held_out]
        expected = np.mean(np.where(error > 0, 0.9 * error, -0.1 * error))
        assert found["value_of_served"] == pytest.approx(expected, rel=1e-9)
        assert math.isfinite(found["value"])


def column(deps: Deps, dataset: str, name: str) -> np.ndarray:
    with deps.database.read() as session:
        key = datasets.get(session, DEFAULT_OWNER, dataset).table_key
    assert key is not None
    with deps.blobs.local(key) as path:
        return np.asarray(pq.read_table(path)[name])


def test_several_targets_are_compared_by_their_mean(deps: Deps, noisy: str) -> None:
    train(deps, noisy, target=["y", "b"], features=["a"], epochs=1)
    job = train(deps, noisy, target=["y", "b"], features=["a", "c"], promote="if_better")
    found = told(deps, job)[0]["promotion"]
    with deps.database.read() as session:
        known = [models.get_version(session, DEFAULT_OWNER, "m", n).metrics["validation"]["mse"] for n in (2, 1)]
    assert [found["value"], found["value_of_served"]] == pytest.approx(known, rel=1e-9)


def test_a_version_that_refuses_gaps_is_not_judged_on_rows_that_have_them(deps: Deps, noisy: str) -> None:
    train(deps, noisy, missing="error")
    draw = np.random.default_rng(4)
    a = draw.normal(size=ROWS)
    gaps = [None if number % 4 == 0 else float(value) for number, value in enumerate(draw.normal(size=ROWS))]
    job = train(deps, add(deps, {"a": a, "b": gaps, "y": 3 * a}, {"b": ROWS // 4}), promote="if_better")
    assert serves(deps) == 1
    assert "version 1 has no answer for one of these rows" in told(deps, job)[0]["text"]


def test_rows_left_out_for_their_gaps_judge_nobody(deps: Deps, noisy: str) -> None:
    """The new version drops rows with gaps: the one that serves is judged on the others, each with its own cells."""
    train(deps, noisy, features=["a"])
    draw = np.random.default_rng(4)
    a, b = draw.normal(size=(2, ROWS))
    gaps = [None if number % 4 == 0 else float(value) for number, value in enumerate(b)]
    y = 3 * a - 2 * b
    dataset = add(deps, {"a": a, "b": gaps, "y": y}, {"b": ROWS // 4})
    job = train(deps, dataset, missing="drop", promote="if_better")
    found = told(deps, job)[0]["promotion"]
    whole = np.array([value is not None for value in gaps])
    split = split_rows(0, np.ones(ROWS, dtype=bool), 0.2, 0.0)
    held_out = np.flatnonzero((split == VALIDATION) & whole)
    assert found["rows"] == len(held_out)
    expected = np.mean((predictions(deps, dataset, 1) - y)[held_out] ** 2)
    assert found["value_of_served"] == pytest.approx(expected, rel=1e-9)


def test_rows_on_the_disk_and_in_many_pieces_are_judged_alike(
    make_deps: Callable[..., Deps], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.jobs.rival.CHUNK_ROWS", 1000)
    monkeypatch.setattr("workers.training.data.room.WINDOW_BYTES", 2**16)
    deps = make_deps(training_memory_bytes=2**20)
    draw = np.random.default_rng(5)
    a, b = draw.normal(size=(2, 30_000))
    y = 3 * a - 2 * b + draw.normal(size=30_000)
    dataset = add(deps, {"a": a, "b": b, "y": y})
    train(deps, dataset, features=["a"], optimizer={"kind": "sgd"})
    job = train(deps, dataset, promote="if_better", optimizer={"kind": "sgd"})
    with deps.database.read() as session:
        texts = [event.data.get("text", "") for event in jobs.events_after(session, job.id, 0, 100)]
        known = [models.get_version(session, DEFAULT_OWNER, "m", n).metrics["validation"]["mse"] for n in (2, 1)]
    assert any("is kept on disk" in text for text in texts)
    found = told(deps, job)[0]["promotion"]
    assert [found["value"], found["value_of_served"]] == pytest.approx(known, rel=1e-9)


def test_a_version_whose_rows_are_gone_is_published_and_does_not_serve(deps: Deps, noisy: str) -> None:
    train(deps, noisy, features=["a"], refit="never")
    body = {
        "dataset": noisy, "model": "m", "target": "y", "features": ["a", "b"], "promote": "if_better", "refit": "never",
    }  # fmt: skip
    id = submit(deps.database, deps.queue, DEFAULT_OWNER, deps.limits, body, None, lambda job: {}).job_id
    with deps.database.read() as session:
        key = datasets.get(session, DEFAULT_OWNER, noisy).table_key
    assert key is not None

    def take_away(*arguments: Any) -> None:
        if arguments[2].startswith("INSERT INTO versions"):  # the transaction that is given up, to judge the rival
            deps.blobs.delete(key, -1)

    event.listen(deps.database.engine, "before_cursor_execute", take_away)
    run(deps, id)
    event.remove(deps.database.engine, "before_cursor_execute", take_away)
    with deps.database.read() as session:
        job = jobs.get(session, DEFAULT_OWNER, id)
    assert (job.state, serves(deps)) == ("succeeded", 1)
    assert "was deleted in the meantime" in told(deps, job)[0]["text"]
