"""Every kind of column is known in every table by kind, its cells mean the same wherever they are read, and a name that
is no kind raises everywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from service.api.foreign.features import DATATYPES, datatype_of
from service.api.predictions.direct import TYPES as JSON_TYPES
from service.domain.cells.columns import Categories, Columns, Values, from_json, from_text
from service.domain.cells.kinds import (
    COLUMN_KINDS,
    KINDS,
    PLAIN_KIND,
    Holds,
    Kind,
    KindEncoding,
    KindUnknown,
    TypeInJson,
    kind_of,
)
from service.domain.cells.readers import json_reader, text_reader, why_not
from service.domain.cells.table import Column
from service.domain.cells.written import PLAIN
from service.domain.model.encoder import encode_alone
from service.domain.model.feature import ENCODED_NAMES, Feature
from service.domain.preflight.plan import NOT_COVERED
from service.domain.reading.declared import SPELLINGS, declared_kinds
from service.domain.resolving.limits import WIDTHS
from service.reading.arrow.cells import READ, read_cells
from service.reading.arrow.stored import chunks
from service.reading.arrow.types import STORED, held_by, stored_type
from service.reading.arrow.values import read_values
from tests.unit.workers.ingest.reading import ingest, read
from workers.export.standalone import predict as script
from workers.ingest.readers import duck_types
from workers.training.data.fit import fit

# by kind: cells as a file has them with what they are, and a cell that is none
EXAMPLES: Mapping[Kind, tuple[dict[str, float | str], str | None]] = {
    "numeric": ({"1": 1.0, "-2.5": -2.5, "4e1": 40.0}, "red"),
    "boolean": ({"yes": 1.0, "no": 0.0}, "2"),
    "categorical": ({"red": "red", "blue": "blue", "it's": "it's"}, None),
    "datetime": ({"2026-01-31": 1769817600.0, "1970-01-02T00:00:00.5Z": 86400.5}, "31 o'clock"),
    "text": ({"once upon a time": "once upon a time", "there was": "there was"}, None),
}
FEATURES = [kind for kind in KINDS if COLUMN_KINDS[kind].encoding is not None]
NO_KIND: Any = "colour"


def plain(values: Values) -> list[Any]:
    if isinstance(values, Categories):
        return [None if code < 0 else values.values[code] for code in values.codes]
    return [None if np.isnan(value) else value for value in values]


def test_every_table_by_kind_knows_every_kind() -> None:
    assert tuple(COLUMN_KINDS) == KINDS == tuple(record.name for record in COLUMN_KINDS.values())
    assert set(EXAMPLES) == set(KINDS) == set(READ)


def test_every_table_by_what_columns_hold_knows_all_of_it() -> None:
    every = set(get_args(Holds))
    assert every == {record.holds for record in COLUMN_KINDS.values()} == set(PLAIN_KIND)
    assert every == set(STORED) == set(duck_types.TYPES)
    assert {COLUMN_KINDS[kind].holds: kind for kind in PLAIN_KIND.values()} == PLAIN_KIND
    for holds in every:
        assert held_by(STORED[holds]) == duck_types.held_by(duck_types.TYPES[holds]) == holds


def test_every_table_by_encoding_knows_every_encoding() -> None:
    every = {record.encoding for record in COLUMN_KINDS.values()}
    assert every == {*get_args(KindEncoding), None} == set(NOT_COVERED)
    assert every - {None} == set(ENCODED_NAMES) == set(WIDTHS)


def test_every_type_in_json_has_its_names() -> None:
    assert set(get_args(TypeInJson)) == set(JSON_TYPES) == set(DATATYPES)


@pytest.mark.parametrize("kind", KINDS)
def test_a_cell_is_the_same_from_every_source(kind: Kind, tmp_path: Path) -> None:
    cells, misfit = EXAMPLES[kind]
    text, expected = [*cells, None], [*cells.values(), None]
    assert plain(from_text("x", kind, text)) == expected
    assert plain(from_json("x", kind, text)) == expected
    for array in (pa.array(text, pa.string()), pa.array(text, pa.string()).dictionary_encode()):
        assert plain(read_values("x", kind, array, PLAIN)[0]) == expected
    csv = "x,y\n" + "".join(f"{cell or ''},{row}\n" for row, cell in enumerate(text))
    column = pa.table({"x": pa.array(text, pa.string()), "y": list(range(len(text)))})
    pq.write_table(column, tmp_path / "given.parquet")
    given = (tmp_path / "given.parquet").read_bytes()
    for data, parquet in ((csv.encode(), False), (given, True)):
        loaded = read(tmp_path, data, {"types": {"x": kind}}, parquet=parquet).loaded
        assert loaded.declared == {"x": kind}
        assert pq.read_schema(loaded.path).field("x").type == stored_type(kind)
        assert [plain(chunk["x"]) for chunk in chunks(loaded.path, {"x": kind})] == [expected]
    found = ingest(tmp_path / "profiled", csv, types={"x": kind})
    assert found.kinds["x"] == kind
    assert found.profile["x"]["nulls"] == 1
    assert found.profile["x"]["distinct"] == len(cells)
    if misfit is not None:
        assert why_not("x", kind, PLAIN, misfit)
        assert read_cells("x", kind, PLAIN, pa.array([misfit]))[1].to_pylist() == [True]


@pytest.mark.parametrize("kind", FEATURES)
def test_a_feature_of_every_kind_has_as_many_inputs_as_are_expected_and_they_vary(kind: Kind) -> None:
    cells, _ = EXAMPLES[kind]
    rows = [*cells] * 5
    columns = Columns({"x": from_text("x", kind, rows)}, len(rows))
    (feature,) = fit(lambda: iter([columns]), {"x": kind}, "error", "none", 100).features
    encoded = encode_alone(feature, columns["x"])
    assert encoded.shape == (len(rows), len(feature.encoded_names))
    assert len(np.unique(encoded, axis=0)) == len(cells)
    width = WIDTHS[feature.encoding](Column("x", kind, 0, len(cells)), 100)
    assert width == len(feature.encoded_names)
    told = {"name": "x", "kind": kind, "fill": None, "indicator": False, "fill_category": "",
            "categories": feature.categories, "other": feature.other}  # fmt: skip
    style = PLAIN.to_json()
    of_script = script.encoded(told, script.column_of(told, [{"x": cell} for cell in rows], style))
    np.testing.assert_allclose(of_script, encoded, rtol=1e-12)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in FEATURES])
def test_what_is_no_feature_has_no_inputs(kind: Kind) -> None:
    with pytest.raises(ValueError, match=f"'x' is {kind}, which cannot be a feature"):
        _ = Feature("x", kind).encoded_names


def test_kinds_are_declared_by_their_names_and_orders() -> None:
    assert set(KINDS) <= set(SPELLINGS)
    for spelling in SPELLINGS:
        name, _, order = spelling.partition(":")
        assert declared_kinds({"x": spelling}, ["x"]) == ({"x": name}, {"x": order} if order else {})


@pytest.mark.parametrize(
    "ask",
    [
        lambda: kind_of(NO_KIND),
        lambda: Column("x", NO_KIND, 0, 1).facts,
        lambda: Feature("x", NO_KIND).encoded_names,
        lambda: text_reader("x", NO_KIND, PLAIN),
        lambda: json_reader("x", NO_KIND, PLAIN),
        lambda: from_json("x", NO_KIND, ["1"]),
        lambda: from_text("x", NO_KIND, ["1"]),
        lambda: declared_kinds({"x": NO_KIND}, ["x"]),
        lambda: stored_type(NO_KIND),
        lambda: read_values("x", NO_KIND, pa.array(["1"]), PLAIN),
        lambda: datatype_of(NO_KIND),
        lambda: fit(lambda: iter([Columns({"x": np.zeros(2)}, 2)]), {"x": NO_KIND}, "mean", "none", 10),
    ],
)
def test_an_unknown_kind_raises(ask: Callable[[], Any]) -> None:
    with pytest.raises(KindUnknown, match="'colour' is not a kind of column; the kinds are numeric, boolean"):
        ask()


def test_an_unknown_kind_raises_where_cells_are_read_by_a_table() -> None:
    with pytest.raises(KeyError, match=NO_KIND):
        read_cells("x", NO_KIND, PLAIN, pa.array(["1"]))
