"""Piecewise-linear encoding, against numpy's own interpolation."""

from __future__ import annotations

import json

import numpy as np
import pytest

from service.domain.cells.columns import CellInvalid, Columns
from service.domain.model.feature import Feature
from service.domain.model.transform import FittedTransform

AGE = Feature("age", "numeric", fill=30.0, indicator=True, edges=(18.0, 20.0, 35.0, 90.0))
SIZE = Feature("size", "numeric", edges=(-1.0, 0.5, 4.0))
FLAG = Feature("flag", "boolean", fill=0.0)
NAMES = [
    "age", "age in [18, 20]", "age in [20, 35]", "age in [35, 90]", "age is missing",
    "flag", "size", "size in [-1, 0.5]", "size in [0.5, 4]",
]  # fmt: skip


def transform(clip: float | None = None, left_out: tuple[str, ...] = ()) -> FittedTransform:
    kept = np.array([place for place, name in enumerate(NAMES) if name not in left_out])
    is_bin = np.array([" in [" in NAMES[place] for place in kept])
    return FittedTransform((AGE, FLAG, SIZE), kept, np.where(is_bin, 0.5, 10.0), np.where(is_bin, 0.5, 2.0), clip=clip)


def rows() -> Columns:
    age = np.array([17.0, 18.0, 19.5, 20.0, 27.5, 35.0, 60.0, 90.0, 1e308, np.nan])
    size = np.array([-1e300, -1.0, 0.0, 0.5, 1.0, 3.9, 4.0, 5.0, 0.1, 2.0])
    return Columns({"age": age, "flag": np.array([0.0, 1.0] * 5), "size": size}, 10)


def test_each_bin_is_the_part_of_it_that_lies_below_the_value() -> None:
    encoded = transform().encode(rows())
    assert transform().encoded_names == NAMES
    filled = np.where(np.isnan(rows().floats("age")), 30.0, rows().floats("age"))
    for values, edges, first in ((filled, AGE.edges, 1), (rows().floats("size"), SIZE.edges, 7)):
        for number in range(len(edges) - 1):
            expected = np.interp(values, edges[number : number + 2], [0.0, 1.0])
            np.testing.assert_allclose(encoded[:, first + number], expected, rtol=1e-15)
    np.testing.assert_array_equal(encoded[:, 0], filled)
    np.testing.assert_array_equal(encoded[:, 4], np.isnan(rows().floats("age")))


def test_one_row_is_what_it_is_among_others() -> None:
    whole = transform(clip=3.0).apply(rows())
    each = [transform(clip=3.0).apply(rows().take(np.array([row]))) for row in range(10)]
    np.testing.assert_array_equal(np.vstack(each), whole)


def test_the_network_reads_bins_from_minus_one_to_one_however_others_are_clipped() -> None:
    plain, clipped = transform().apply(rows()), transform(clip=3.0).apply(rows())
    bins = [place for place, name in enumerate(NAMES) if " in [" in name]
    np.testing.assert_array_equal(plain[:, bins], clipped[:, bins])
    assert plain[:, bins].min() == -1.0
    assert plain[:, bins].max() == 1.0
    assert np.abs(clipped).max() <= 3.0
    shifted = (rows().floats("flag") - 10.0) / 2.0
    np.testing.assert_allclose(clipped[:, 5], shifted / np.sqrt(1 + (shifted / 3) ** 2), rtol=1e-6)


def test_bins_that_nothing_reads_are_left_out() -> None:
    left = ("age in [18, 20]", "size", "age is missing")
    some, every = transform(left_out=left), transform().encode(rows())
    assert some.encoded_names == [name for name in NAMES if name not in left]
    np.testing.assert_array_equal(some.encode(rows()), every[:, some.kept])


def test_the_file_has_the_edges_and_older_files_none() -> None:
    told = json.loads(json.dumps(transform(clip=3.0).to_json()))
    assert told["features"][0]["edges"] == [18.0, 20.0, 35.0, 90.0]
    assert "edges" not in told["features"][1]
    again = FittedTransform.from_json(told)
    assert again.features == (AGE, FLAG, SIZE)
    np.testing.assert_array_equal(again.apply(rows()), transform(clip=3.0).apply(rows()))


def test_edges_that_six_digits_do_not_tell_apart_are_named_in_full() -> None:
    feature = Feature("t", "numeric", edges=(1_000_000.0, 1_000_000.25, 1_000_000.5))
    assert feature.encoded_names == ["t", "t in [1000000.0, 1000000.25]", "t in [1000000.25, 1000000.5]"]


def test_a_gap_that_nothing_fills_is_refused() -> None:
    bare = FittedTransform((SIZE,), np.arange(3), np.zeros(3), np.ones(3))
    with pytest.raises(CellInvalid, match="size"):
        bare.apply(Columns({"size": np.array([np.nan])}, 1))
