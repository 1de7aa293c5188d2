"""Columns of a stored table by their kinds, and the types that a kind is not read from."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from service.domain.cells.columns import Categories, CellInvalid
from service.domain.cells.kinds import Kind
from service.reading.arrow.stored import from_arrow

TABLE = pa.table(
    {
        "number": pa.array([1, None, -4], pa.int32()),
        "truth": [True, None, False],
        "day": [date(1970, 1, 2), None, date(1969, 12, 31)],
        "word": pa.array(["x", None, " x"]).dictionary_encode(),
        "code": pa.array([7, None, 7], pa.int64()),
    }
)


def test_cells_are_read_as_their_kind_is_held() -> None:
    kinds: dict[str, Kind] = {"number": "numeric", "truth": "boolean", "day": "datetime"}
    columns = from_arrow(TABLE, kinds)
    np.testing.assert_array_equal(columns["number"], [1, np.nan, -4])
    np.testing.assert_array_equal(columns["truth"], [1, np.nan, 0])
    np.testing.assert_array_equal(columns["day"], [86_400, np.nan, -86_400])
    for name, word in (("word", "x"), ("code", "7")):
        found = from_arrow(TABLE, {name: "categorical"})[name]
        assert isinstance(found, Categories)
        assert (found.codes.tolist(), found.values) == ([0, -1, 0], (word,))


@pytest.mark.parametrize(
    ("name", "kind"),
    [("truth", "numeric"), ("word", "numeric"), ("number", "boolean"), ("number", "datetime"), ("truth", "text")],
)
def test_another_type_is_refused(name: str, kind: Kind) -> None:
    with pytest.raises(CellInvalid, match=f"column '{name}' is .*, which cannot be read as {kind}"):
        from_arrow(TABLE, {name: kind})
