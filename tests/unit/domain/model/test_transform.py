"""Typed columns become numbers: by hand, and for times by Python's own calendar."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.cells.columns import Categories, CellInvalid, Columns
from service.domain.model.artifact import to_json
from service.domain.model.encoder import datetime_parts, encode_alone
from service.domain.model.feature import Feature
from service.domain.model.transform import FittedTransform, displaced, place

SIZE = Feature("size", "numeric", fill=2.5, indicator=True, low=1.0, high=4.0)
COLOUR = Feature("colour", "categorical", categories=("red", "blue"), other=True, fill_category="blue")
WHEN = Feature("when", "datetime", fill=0.0)
NAN = math.nan


def columns(size: list[float], colour: list[str | None], when: list[float]) -> Columns:
    data = {"size": np.array(size), "colour": Categories.of(colour), "when": np.array(when)}
    return Columns(data, len(size))


def whole(*features: Feature) -> FittedTransform:
    """Every encoded column, neither centred nor scaled."""
    width = sum(len(feature.encoded_names) for feature in features)
    return FittedTransform(features, np.arange(width), np.zeros(width), np.ones(width))


def test_a_missing_number_is_filled_and_said_so() -> None:
    assert encode_alone(SIZE, np.array([4.0, NAN])).tolist() == [[4.0, 0.0], [2.5, 1.0]]
    assert SIZE.encoded_names == ["size", "size is missing"]


def test_a_category_is_one_column_and_the_unseen_share_other() -> None:
    encoded = encode_alone(COLOUR, Categories.of(["red", "blue", "green", None, "never"]))
    assert encoded.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0], [0, 0, 1]]
    assert COLOUR.encoded_names == ["colour=red", "colour=blue", "colour=other"]


def test_without_other_an_unseen_category_is_none_of_the_columns() -> None:
    feature = Feature("colour", "categorical", categories=("red", "blue"), fill_category="red")
    assert encode_alone(feature, Categories.of(["green", "blue"])).tolist() == [[0, 0], [0, 1]]


@pytest.mark.parametrize(
    "feature",
    [Feature("f", "numeric"), Feature("f", "datetime"), Feature("f", "boolean")],
)
def test_a_gap_that_nothing_fills_is_named_by_its_row(feature: Feature) -> None:
    with pytest.raises(CellInvalid, match="'f' is missing") as raised:
        encode_alone(feature, np.array([1.0, 0.0, NAN]))
    assert (raised.value.row, raised.value.column) == (2, "f")


def test_a_category_that_nothing_fills_is_named_by_its_row() -> None:
    with pytest.raises(CellInvalid) as raised:
        encode_alone(Feature("f", "categorical", categories=("a",)), Categories.of(["a", None]))
    assert (raised.value.row, raised.value.column) == (1, "f")


def test_columns_are_kept_centred_and_scaled() -> None:
    transform = FittedTransform(
        (SIZE, COLOUR), np.array([0, 2, 4]), np.array([1.0, 0.5, 0.0]), np.array([2.0, 0.25, 1.0])
    )
    applied = transform.apply(columns([5.0, NAN], ["red", "odd"], [0, 0]))
    assert applied.dtype == np.float32
    assert applied.tolist() == [[2.0, 2.0, 0.0], [0.75, -2.0, 1.0]]
    assert transform.encoded_names == ["size", "colour=red", "colour=other"]
    assert transform.n_outputs == 3


FAR_APART = [-1e308, -1e200, -4.0, -0.5, 0.0, 1e-300, 2.0, 30.0, 1e155, 1e308]


def clipping() -> FittedTransform:
    return replace(whole(Feature("x", "numeric")), centre=np.array([1.0]), scale=np.array([1e-3]), clip=3.0)


def test_clipped_values_stay_within_the_clip_however_far_they_are() -> None:
    def by_hand(value: float) -> float:
        scaled = (Fraction(value) - 1) / Fraction(1e-3)
        return float(scaled) / math.hypot(1, float(scaled) / 3) if abs(scaled) < 10**300 else math.copysign(3, value)

    found = clipping().apply(Columns({"x": np.array(FAR_APART)}, len(FAR_APART)))
    np.testing.assert_allclose(found[:, 0], [by_hand(value) for value in FAR_APART], rtol=1e-6)


def test_rows_in_blocks_are_clipped_to_the_same_bits() -> None:
    encoded = np.random.default_rng(2).standard_cauchy((1200, 1))
    in_blocks = clipping().scaled_in_blocks(encoded)
    assert in_blocks.astype(np.float32).tobytes() == clipping().scaled(encoded.copy()).tobytes()
    assert np.array_equal(in_blocks, in_blocks.astype(np.float32))


def test_the_way_back_from_the_clip_gives_the_values_or_none() -> None:
    x = np.array([[-8.0, 1e3], [0.25, 20.0], [3.0, -1e9], [90.0, -60.0]])
    centre, scale = np.array([1.0, 5.0]), np.array([2.0, 0.5])
    for clip in (None, 3.0):
        inputs = place(x.copy(), centre, scale, clip).astype(np.float32)
        back = displaced(inputs, centre, scale, clip)
        lost = np.zeros(x.shape, bool) if clip is None else np.abs((x - centre) / scale) > 200
        np.testing.assert_array_equal(np.isnan(back), lost)
        np.testing.assert_allclose(back[~lost], x[~lost], rtol=1e-3)


def test_no_rows_are_no_rows() -> None:
    assert whole(SIZE, COLOUR, WHEN).apply(columns([], [], [])).shape == (0, 12)


def test_values_unlike_any_in_training_are_flagged() -> None:
    rows = columns([0.5, 1.0, 4.0, 4.1, NAN], ["red", "green", None, "blue", "red"], [0] * 5)
    assert whole(SIZE, COLOUR, WHEN).unfamiliar(rows) == [["size"], ["colour"], [], ["size"], []]


def test_written_as_json_and_read_it_is_the_same_to_the_bit() -> None:
    feature = Feature("x", "numeric", fill=1 / 3, low=-1e-300, high=1e300)
    transform = FittedTransform(
        (feature, COLOUR, WHEN), np.array([0, 1, 3]), np.array([0.1, 1e-17, 2 / 3]), np.array([1e-30, 7.0, 1 / 7])
    )
    data = to_json(transform.to_json())
    again = FittedTransform.from_json(json.loads(data))
    assert to_json(again.to_json()) == data
    assert again.features == transform.features
    for name in ("kept", "centre", "scale"):
        assert getattr(again, name).tobytes() == getattr(transform, name).tobytes()
    assert again.clip is None
    clipped = replace(transform, clip=3.0)
    assert FittedTransform.from_json(json.loads(to_json(clipped.to_json()))).clip == 3.0


moments = st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31), timezones=st.just(UTC))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(moments)
def test_the_parts_of_a_time_are_those_of_pythons_calendar(moment: datetime) -> None:
    seconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    hour = moment.hour + moment.minute / 60 + (moment.second + moment.microsecond / 1e6) / 3600
    turns = [(moment.month - 1) / 12, moment.weekday() / 7, hour / 24]
    expected = [seconds / 86400, *(wave(2 * math.pi * turn) for turn in turns for wave in (math.sin, math.cos))]
    np.testing.assert_allclose(datetime_parts(np.array([seconds]))[0], expected, rtol=1e-9, atol=1e-7)


def test_midnight_on_a_monday_in_january_by_hand() -> None:
    monday = datetime(2024, 1, 1, tzinfo=UTC).timestamp()
    assert datetime_parts(np.array([monday])).tolist() == [[19723.0, 0, 1, 0, 1, 0, 1]]
