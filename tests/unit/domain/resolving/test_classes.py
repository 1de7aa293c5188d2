"""Classes are known by the names that the table gives them, in any spelling of a number or a truth."""

from __future__ import annotations

from typing import Any

import pytest

from service.domain.cells.table import Column, Table
from service.domain.cells.written import TextStyle
from service.domain.descent.figures import Figures
from service.domain.resolving.classes import as_written, check_class_weights, find_class, wrong_names
from service.domain.spec.training import TrainingSpec
from service.errors import SpecInvalid

YES_NO = TextStyle(words={"y": ("No", "Yes")}, decimals={"y": ","})


def test_truths_are_named_by_the_words_of_their_column() -> None:
    assert as_written((False, True), "y", YES_NO) == ("No", "Yes")
    assert as_written((False, True), "other", YES_NO) == (False, True)
    assert as_written((0, 1), "y", YES_NO) == (0, 1)


@pytest.mark.parametrize(
    ("name", "labels", "place"),
    [
        ("Yes", ("No", "Yes"), 1), (" No ", ("No", "Yes"), 0), ("TRUE", ("No", "Yes"), 1), ("0", ("No", "Yes"), 0),
        ("maybe", ("No", "Yes"), None), ("true", (False, True), 1), ("Y", (False, True), 1),
        ("-1.0", (-1, 1), 0), ("-1", (-1, 1), 0), ("1e0", (-1, 1), 1), ("2", (-1, 1), None), ("yes", (-1, 1), None),
        ("0,5", (0.5, 1.5), 0), ("0.5", (0.5, 1.5), 0), ("nan", (0.5, 1.5), None), ("yes", ("no", "yes", "well"), 1),
        ("Yes", ("no", "yes", "well"), None), ("1", ("1", "2"), 0), ("1.0", ("1", "2"), None),
        ("<=50K", (" <=50K", ">50K"), 0),
    ],
)  # fmt: skip
def test_a_class_is_found_by_its_name(name: str, labels: tuple[Any, ...], place: int | None) -> None:
    assert find_class(name, labels, ",") == place


def test_what_is_no_class_is_said_with_the_nearest() -> None:
    assert wrong_names({"sestosa": 1.0, "x": 1.0}, ("setosa", "virginica")) == {
        "sestosa": "'sestosa' is not a class; did you mean 'setosa'?",
        "x": "'x' is not a class; the classes are 'setosa', 'virginica'",
    }
    assert wrong_names({"1": 1.0, "1.0": 2.0}, (1, 2)) == {
        "1.0": "'1.0' and '1' are the same class; give its weight once"
    }


def refused(column: Column, weights: dict[str, float], top: list[Any] | None = None) -> list[str]:
    """The pointers that are told."""
    detail = {
        "name": "y",
        "top": [{"value": value, "count": 9} for value in top or ()],
        "histogram": {"edges": [], "counts": []},
    }
    figures = Figures(Table(100, (column,), YES_NO), {} if top is None else {"y": detail})
    spec = TrainingSpec(dataset="ds_1", model="m", target="y", task="multiclass", class_weights=weights)
    try:
        check_class_weights(spec, figures)
    except SpecInvalid as error:
        return [one.pointer for one in error.errors]
    return []


@pytest.mark.parametrize(
    ("column", "weights", "top", "pointers"),
    [
        (Column("y", "boolean", 0, 2), {"Yes": 1, "false": 2}, None, []),
        (Column("y", "boolean", 0, 2), {"Yes": 1, "maybe": 2}, None, ["/class_weights/maybe"]),
        (Column("y", "numeric", 0, 2, -1.5, 1.0), {"-1,50": 1, "1": 2, "0": 3}, None, ["/class_weights/0"]),
        (Column("y", "numeric", 0, 3, 1, 3, whole=True), {"1.0": 1, "4": 2}, None, ["/class_weights/4"]),
        (Column("y", "numeric", 0, 3, 1, 9, whole=True), {"5": 1}, None, []),  # which ones, the rows alone tell
        (Column("y", "numeric", 0, 3, 1, 9, whole=True), {"5,5": 1, "10": 1, "a/b": 1}, None,
         ["/class_weights/5,5", "/class_weights/10", "/class_weights/a~1b"]),
        (Column("y", "categorical", 0, 2), {"a": 1, "c": 1}, ["a", "b"], ["/class_weights/c"]),
        (Column("y", "categorical", 0, 3), {"c": 1}, ["a", "b"], []),  # the profile names two of three
        (Column("y", "categorical", 0, 2), {"c": 1}, None, []),
    ],
)  # fmt: skip
def test_what_the_figures_tell_is_checked(
    column: Column, weights: dict[str, float], top: list[Any] | None, pointers: list[str]
) -> None:
    assert refused(column, weights, top) == pointers
