"""What lists tell of long documents: the same on every backend, and never more than so much of a row."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import inspect

from service.domain.access.owners import DEFAULT_OWNER
from service.store import datasets, models
from service.store.listed import LISTED
from service.store.session import Database, new_id
from service.store.tables import DatasetRow, VersionRow
from tests.contract.rows import COLUMNS, add_dataset


def listed_dataset(database: Database, columns: list[dict[str, Any]] | None) -> DatasetRow:
    add_dataset(database, columns=columns)
    with database.read() as session:
        return datasets.listing(session, DEFAULT_OWNER, 1, None).data[0]


def listed_version(
    database: Database, metrics: dict[str, Any], features: list[dict[str, Any]] | None = None
) -> VersionRow:
    with database.write() as session:
        models.publish(
            session, DEFAULT_OWNER, "m", job_id=new_id("job"), dataset_id="d", task="multiclass", target="y",
            features=features or [], metrics=metrics, files={},
        )  # fmt: skip
    with database.read() as session:
        return models.versions(session, DEFAULT_OWNER, "m", 1, None).data[0]


def named(count: int) -> list[dict[str, Any]]:
    return [{"name": f"c{number}", "kind": "numeric"} for number in range(count)]


@pytest.mark.parametrize("columns", [None, [], COLUMNS, named(100)])
def test_few_columns_are_told_and_counted(database: Database, columns: list[dict[str, Any]] | None) -> None:
    row = listed_dataset(database, columns)
    assert (row.listed_columns, row.listed_count) == (columns, None if columns is None else len(columns))


@pytest.mark.parametrize("columns", [named(10_000), [{"name": "c", "rarest": {"value": "x" * LISTED, "count": 1}}]])
def test_long_columns_are_counted_alone(database: Database, columns: list[dict[str, Any]]) -> None:
    row = listed_dataset(database, columns)
    assert (row.listed_columns, row.listed_count) == (None, len(columns))
    with database.read() as session:
        assert datasets.get(session, DEFAULT_OWNER, row.id).columns == columns


def test_a_list_does_not_read_what_it_leaves_out(database: Database) -> None:
    assert "columns" in inspect(listed_dataset(database, COLUMNS)).unloaded
    assert {"features", "metrics", "spec", "metadata_"} <= inspect(listed_version(database, {})).unloaded


SHORT = {"accuracy": 0.5, "log_loss": 0.7, "roc_auc": None, "f1": 0.25}


@pytest.mark.parametrize("size", [2, 5])
def test_short_metrics_are_told_whole(database: Database, size: int) -> None:
    metrics = {"train": {**SHORT, "confusion": [[1] * size] * size}, "validation": SHORT, "test": {}}
    assert listed_version(database, metrics).listed_metrics == metrics


@pytest.mark.parametrize("name", ["confusion", "by_target"])
@pytest.mark.parametrize("parts", [("train",), ("train", "validation", "test")])
@pytest.mark.parametrize("further", [{}, {"note": "a name with \u0001, \u2028, ' and \\"}])
def test_long_metrics_are_told_without_what_makes_them_long(
    database: Database, name: str, parts: tuple[str, ...], further: dict[str, Any]
) -> None:
    short = {part: {**SHORT, **further} if part in parts else {} for part in ("train", "validation", "test")}
    long: Any = [[10] * 100] * 100 if name == "confusion" else {f"t{number}": SHORT for number in range(1000)}
    metrics = {part: {**found, name: long} if part in parts else found for part, found in short.items()}
    row = listed_version(database, metrics)
    assert row.listed_metrics == short
    with database.read() as session:
        assert models.get_version(session, DEFAULT_OWNER, "m", row.version).metrics == metrics


def test_what_a_database_cannot_look_into_is_told_whole(database: Database) -> None:
    """PostgreSQL's jsonb has no NUL."""
    metrics = {"train": {**SHORT, "confusion": [[1] * 100] * 100, "note": "\x00"}, "validation": {}, "test": {}}
    found = listed_version(database, metrics).listed_metrics
    assert found is not None
    assert {**found["train"], "confusion": 0} == {**metrics["train"], "confusion": 0}


@pytest.mark.parametrize(("count", "told"), [(0, True), (100, True), (10_000, False)])
def test_many_features_are_left_out(database: Database, count: int, told: bool) -> None:
    features = named(count)
    assert listed_version(database, {}, features).listed_features == (features if told else None)
