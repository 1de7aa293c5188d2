"""Which columns of another table a model can read, and what is said of those that it cannot."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from service.domain.cells.conversion import ways
from service.domain.cells.kinds import KINDS, Kind
from service.domain.cells.table import Column, Table
from service.errors import SpecInvalid


def table(**columns: Column) -> Table:
    return Table(10, tuple(columns.values()))


def column(kind: Kind, **more: Any) -> Column:
    return Column(**{"name": "x", "kind": kind, "nulls": 0, "distinct": 5, **more})


WHOLE = {"whole": True, "minimum": -3.0, "maximum": 40.0}
BITS = {"whole": True, "minimum": 0.0, "maximum": 1.0}
BROKEN = {"minimum": 0.5, "maximum": 1.0}


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_of_the_models_kind_is_read_as_it_is(kind: Kind) -> None:
    assert ways({"x": kind}, table(x=column(kind))) == {"x": "same"}


@pytest.mark.parametrize(
    ("stored", "read", "way"),
    [
        (column("text"), "categorical", "same"),
        (column("categorical"), "text", "same"),
        (column("categorical"), "numeric", "text"),
        (column("text"), "boolean", "text"),
        (column("categorical"), "datetime", "text"),
        (column("numeric", **WHOLE), "categorical", "digits"),
        (column("numeric", **BITS), "boolean", "digits"),
        (column("categorical", nulls=10), "numeric", "gaps"),
        (column("datetime", nulls=10), "boolean", "gaps"),
    ],
)
def test_a_column_whose_cells_keep_their_meaning_converts(stored: Column, read: Kind, way: str) -> None:
    assert ways({"x": read}, table(x=stored)) == {"x": way}


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        (column("numeric", **BROKEN), "categorical"),  # 0.5 may have been written .5 or 0.50
        (column("numeric", **{**WHOLE, "maximum": 2.0**60}), "categorical"),
        (column("numeric", **WHOLE), "boolean"),
        (column("numeric", **BROKEN), "boolean"),
        (column("numeric", **WHOLE), "datetime"),
        (column("boolean"), "numeric"),
        (column("boolean"), "categorical"),  # true may have been written yes
        (column("datetime"), "categorical"),
        (column("datetime"), "numeric"),
    ],
)
def test_a_column_whose_cells_would_mean_something_else_is_refused_with_the_mend(stored: Column, read: Kind) -> None:
    with pytest.raises(SpecInvalid) as raised:
        ways({"x": read}, table(x=stored))
    (error,) = raised.value.errors
    assert error.pointer == "/dataset"
    option = re.search(r"types=(\{.*\})", error.detail)
    assert option is not None
    assert json.loads(option[1]) == {"x": read}
    assert stored.kind in error.detail


def test_every_missing_feature_and_every_other_kind_is_told_at_once() -> None:
    with pytest.raises(SpecInvalid) as raised:
        ways({"a": "numeric", "x": "numeric", "b": "text"}, table(x=column("boolean")))
    assert [error.pointer for error in raised.value.errors] == ["/dataset", "/dataset"]
    first, second = (error.detail for error in raised.value.errors)
    assert "features 'a', 'b'" in first
    assert "its columns are 'x'" in first
    assert "column 'x' of the dataset is boolean" in second
    assert "(and 1 more)" in raised.value.detail
