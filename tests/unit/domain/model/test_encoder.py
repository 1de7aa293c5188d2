"""Features compiled together give what each cell by itself gives, worked out cell by cell in plain Python."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.cells.columns import Categories, CellInvalid, Columns
from service.domain.model.encoder import GapUnfilled
from service.domain.model.feature import Feature
from service.domain.model.transform import FittedTransform

KINDS = ("numeric", "boolean", "categorical", "datetime")
WORDS = ("red", "blue", "green", "never")


@st.composite
def features(draw: st.DrawFn) -> tuple[Feature, ...]:
    made = []
    for number in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(KINDS))
        has_fill, indicator = draw(st.booleans()), draw(st.booleans())
        if kind == "categorical":
            kept = tuple(draw(st.permutations(WORDS))[: draw(st.integers(1, 3))])
            fill = draw(st.sampled_from(WORDS)) if has_fill else None
            made.append(Feature(f"f{number}", kind, None, indicator, kept, draw(st.booleans()), fill))
        else:
            made.append(Feature(f"f{number}", kind, float(draw(st.integers(-9, 9))) if has_fill else None, indicator))
    return tuple(made)


def cell(kind: str, draw: st.DrawFn) -> float | str | None:
    if draw(st.integers(0, 3)) == 0:
        return None
    if kind == "categorical":
        return draw(st.sampled_from(WORDS))
    if kind == "boolean":
        return float(draw(st.booleans()))
    return draw(st.integers(-(10**9), 4 * 10**9)) + 0.5 if kind == "datetime" else draw(st.floats(-1e6, 1e6))


def inputs_of(feature: Feature, value: float | str | None) -> list[float]:
    """One cell by hand. Raises ValueError for a gap that nothing fills."""
    gap = value is None
    if feature.kind == "categorical":
        if gap and feature.fill_category is None:
            raise ValueError(feature.name)
        value = feature.fill_category if gap else value
        inputs = [float(value == category) for category in feature.categories]
        if feature.other:
            inputs.append(float(value not in feature.categories))
    else:
        if gap and feature.fill is None:
            raise ValueError(feature.name)
        number = feature.fill if value is None else value
        assert isinstance(number, float)
        inputs = [number]
        if feature.kind == "datetime":
            moment = datetime.fromtimestamp(math.floor(number), UTC)
            hour = (number % 86_400) / 3600
            turns = ((moment.month - 1) / 12, moment.weekday() / 7, hour / 24)
            waves = [wave(2 * math.pi * turn) for turn in turns for wave in (math.sin, math.cos)]
            inputs = [number / 86_400, *waves]
    return [*inputs, float(gap)] if feature.indicator else inputs


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_features_together_give_what_each_cell_gives(data: st.DataObject) -> None:
    chosen = data.draw(features())
    n_rows = data.draw(st.integers(1, 5))
    rows = [[cell(feature.kind, data.draw) for feature in chosen] for _ in range(n_rows)]
    width = sum(len(feature.encoded_names) for feature in chosen)
    kept = np.array(sorted(data.draw(st.sets(st.integers(0, width - 1), min_size=1))))
    transform = FittedTransform(chosen, kept, np.zeros(len(kept)), np.ones(len(kept)))
    table = Columns(
        {
            feature.name: Categories.of(column)
            if feature.kind == "categorical"
            else np.array([math.nan if one is None else one for one in column])
            for feature, column in zip(chosen, zip(*rows, strict=True), strict=True)
        },
        n_rows,
    )
    unfilled = [
        feature.name
        for feature, column in zip(chosen, zip(*rows, strict=True), strict=True)
        if None in column and feature.fill is None and feature.fill_category is None
    ]
    if unfilled:
        with pytest.raises(CellInvalid) as raised:
            transform.encode(table)
        assert raised.value.column == unfilled[0]
        place = [feature.name for feature in chosen].index(unfilled[0])
        assert raised.value.row == [row[place] for row in rows].index(None)
        return
    by_hand = [
        np.array([one for feature, value in zip(chosen, row, strict=True) for one in inputs_of(feature, value)])[kept]
        for row in rows
    ]
    np.testing.assert_allclose(transform.encode(table), by_hand, rtol=1e-9, atol=1e-7)


def test_a_gap_in_words_alone_is_refused_where_nothing_fills_it() -> None:
    feature = Feature("colour", "categorical", categories=("red",))
    encoder = FittedTransform((feature,), np.arange(1), np.zeros(1), np.ones(1)).encoder
    nothing = np.empty((1, 0))
    with pytest.raises(GapUnfilled):
        encoder.join(nothing, nothing, np.array([[-1]]), np.array([[True]]))
