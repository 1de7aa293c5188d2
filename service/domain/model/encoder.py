"""Features compiled into few array operations: what one row costs does not grow with a call for each feature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from service.domain.arrays import Floats, Integers
from service.domain.cells.columns import Categories, CellInvalid, Columns, Values, missing
from service.domain.model.feature import DATETIME_PARTS, Bins, Feature, run_of

SECONDS_PER_DAY = 86_400.0
CIRCLE_DECIMALS = 12
"""Of a point on a circle: sin π is 0, and two hours that mirror each other are one height. Else a column of rounding
errors would vary, and be scaled up to be learnt from."""
NOWHERE = -1  # a category that has no input: rare or constant ones


@dataclass(frozen=True, slots=True)
class _Told:
    """The statistics (m, k) of a feature's categories, the inputs `to` (k,) that hold them, and the one that the
    categories share."""

    values: Floats
    to: Integers
    other: int


@dataclass(frozen=True, slots=True)
class Words:
    """One categorical feature: the input that each category, a missing cell and an unseen category sets to 1. A place
    from `Encoder.width` on is that of a category with statistics, in their order."""

    name: str
    places: Mapping[str, int]
    missing: int
    unseen: int
    fills: bool
    told: _Told | None = None

    def placed(self, cells: Categories) -> Integers:
        """(n_rows,) the place of each cell."""
        of_values = [self.places.get(value, self.unseen) for value in cells.values]
        return np.array([*of_values, self.missing], np.int64)[cells.codes]


@dataclass(frozen=True, slots=True)
class _Block:
    """Numbers side by side (n_rows, n): which of them go to which inputs, what fills their gaps, who tells of gaps."""

    names: tuple[str, ...]
    taken: Integers
    to: Integers | slice
    fill: Floats
    fills: npt.NDArray[np.bool_]
    gaps_of: Integers
    gaps_to: Integers

    def filled(self, values: Floats, gaps: npt.NDArray[np.bool_]) -> Floats:
        """(n_rows, n) without gaps. `values` is left as it is."""
        return np.where(gaps, self.fill, values)


class Encoder:
    """Typed columns to the inputs that a network reads, before scaling.

    `kept` (n_inputs,) are the positions that stay of all encoded columns; see `service.domain.model.transform`.
    """

    def __init__(self, features: Sequence[Feature], kept: Integers) -> None:
        self._features = tuple(features)
        self.width = len(kept)
        place = np.full(sum(len(feature.encoded_names) for feature in features), NOWHERE, np.int64)
        place[kept] = np.arange(len(kept))
        starts = np.cumsum([0, *(len(feature.encoded_names) for feature in features)])
        places = {feature.name: place[a:b] for feature, a, b in zip(features, starts, starts[1:], strict=False)}
        numbers = [one for one in features if one.encoding == "number"]
        self.numbers, self._bins = _block(numbers, places, 1), Bins.of(numbers, places)
        self.times = _block([one for one in features if one.encoding == "calendar"], places, len(DATETIME_PARTS))
        words = [one for one in features if one.encoding == "categories"]
        self.words = tuple(_words(feature, places[feature.name], self.width) for feature in words)
        self._word_gaps = np.array([places[one.name][-1] if one.indicator else NOWHERE for one in words], np.int64)
        every = np.arange(self.width)
        only_numbers = len(self.numbers.names) == len(features) == self.width
        self.is_plain = only_numbers and np.array_equal(every[self.numbers.to], every)
        """Whether the inputs are the features themselves, numbers all, each in its place."""

    def encode(self, columns: Columns) -> Floats:
        """(n_rows, n_inputs) float64. Raises CellInvalid for a missing cell that nothing fills."""
        places = np.empty((columns.n_rows, len(self.words)), np.int64)
        word_gaps = np.zeros(places.shape, np.bool_)
        for position, words in enumerate(self.words):
            cells = columns.categories(words.name)
            places[:, position] = words.placed(cells)
            word_gaps[:, position] = cells.codes < 0
        numbers, times = (_side_by_side(columns, block.names) for block in (self.numbers, self.times))
        try:
            return self.join(numbers, times, places, word_gaps)
        except GapUnfilled:
            raise self._refused(columns) from None

    def join(self, numbers: Floats, times: Floats, places: Integers, word_gaps: npt.NDArray[np.bool_]) -> Floats:
        """(n_rows, n_inputs) of rows in three parts: numbers (n_rows, n) with NaN for a gap, times likewise in seconds,
        and the places of words (n_rows, n) with where they are missing. Raises GapUnfilled."""
        encoded = np.zeros((len(numbers), self.width))
        if self.numbers.names:
            self._put(self.numbers, numbers, encoded)
        if self.times.names:
            self._put(self.times, times, encoded)
        if self.words:
            if word_gaps.any():
                if not all(words.fills for words in self.words) and self._is_unfilled(word_gaps):
                    raise GapUnfilled
                told = np.flatnonzero(self._word_gaps >= 0)
                encoded[:, self._word_gaps[told]] = word_gaps[:, told]
            if any(words.told is not None for words in self.words):
                places = self._tell(places, encoded)
            rows, which = np.nonzero(places >= 0)
            encoded[rows, places[rows, which]] = 1.0
        return encoded

    def _tell(self, places: Integers, encoded: Floats) -> Integers:
        """Put in the statistics of categories that have some; the places (n_rows, n), where these share one."""
        found = places.copy()
        for position, words in enumerate(self.words):
            if words.told is not None:
                rows = np.flatnonzero(places[:, position] >= self.width)
                encoded[np.ix_(rows, words.told.to)] = words.told.values[places[rows, position] - self.width]
                found[rows, position] = words.told.other
        return found

    def _put(self, block: _Block, values: Floats, encoded: Floats) -> None:
        gaps = np.isnan(values)
        if gaps.any():
            if (gaps & ~block.fills).any():
                raise GapUnfilled
            values = block.filled(values, gaps)
            encoded[:, block.gaps_to] = gaps[:, block.gaps_of]
        if block is self.times:
            parts = datetime_parts(values.ravel()).reshape(len(values), len(block.names) * len(DATETIME_PARTS))
            encoded[:, block.to] = parts[:, block.taken]
        elif self._bins is not None:
            self._bins.put(values, encoded)
        else:
            encoded[:, block.to] = values if len(block.taken) == values.shape[1] else values[:, block.taken]

    def _is_unfilled(self, word_gaps: npt.NDArray[np.bool_]) -> bool:
        unfilled = [position for position, words in enumerate(self.words) if not words.fills]
        return bool(word_gaps[:, unfilled].any())

    def _refused(self, columns: Columns) -> CellInvalid:
        """The error of the first feature that has a gap and no fill."""
        feature, gaps = next(
            (feature, gaps)
            for feature in self._features
            if not feature.fills and (gaps := missing(columns[feature.name])).any()
        )
        return CellInvalid(
            int(np.flatnonzero(gaps)[0]),
            feature.name,
            f"feature {feature.name!r} is missing, and this model does not impute: give a value, or train with "
            '"missing": "mean", "median" or "most_frequent"',
        )


def encode_alone(feature: Feature, values: Values) -> Floats:
    """(n_rows, len(feature.encoded_names)) float64: the cells of one feature. Raises CellInvalid."""
    return _encoder_of(feature).encode(Columns({feature.name: values}, len(values)))


@lru_cache(maxsize=1000)
def _encoder_of(feature: Feature) -> Encoder:
    return Encoder((feature,), np.arange(len(feature.encoded_names)))


class GapUnfilled(ValueError):
    """A missing cell of a feature whose gaps nothing fills."""


def _side_by_side(columns: Columns, names: Sequence[str]) -> Floats:
    values = np.empty((columns.n_rows, len(names)))
    for position, name in enumerate(names):
        values[:, position] = columns.floats(name)
    return values


def _block(features: Sequence[Feature], places: Mapping[str, Integers], parts: int) -> _Block:
    to = [place for feature in features for place in places[feature.name][:parts].tolist()]
    taken = [position for position, place in enumerate(to) if place >= 0]
    told = [
        (position, place)
        for position, feature in enumerate(features)
        if feature.indicator and (place := int(places[feature.name][-1])) >= 0
    ]
    return _Block(
        names=tuple(feature.name for feature in features),
        taken=np.array(taken, np.int64),
        to=run_of(np.array([to[position] for position in taken], np.int64)),
        fill=np.array([0.0 if feature.fill is None else feature.fill for feature in features]),
        fills=np.array([feature.fills for feature in features], np.bool_),
        gaps_of=np.array([position for position, _ in told], np.int64),
        gaps_to=np.array([place for _, place in told], np.int64),
    )


def _words(feature: Feature, places: Integers, width: int) -> Words:
    known = dict(zip(feature.categories, places.tolist(), strict=False))
    n_kept = len(feature.categories)
    unseen = int(places[n_kept]) if feature.other else NOWHERE
    filled = NOWHERE if feature.fill_category is None else known.get(feature.fill_category, unseen)
    told = None
    if (statistics := feature.statistics) is not None:
        known |= {category: width + number for number, category in enumerate(statistics.categories)}
        to = places[n_kept + 1 : n_kept + 1 + len(statistics.outputs)]
        values = np.array(statistics.values).reshape(len(statistics.categories), len(statistics.outputs))
        told = _Told(values[:, to >= 0], to[to >= 0], unseen)
    return Words(feature.name, known, filled, unseen, feature.fills, told)


def datetime_parts(seconds: Floats) -> Floats:
    """(n_rows, 7) float64: days since 1970, then the month, weekday and hour as points on a circle."""
    days = np.floor(seconds / SECONDS_PER_DAY)
    dates = days.astype("datetime64[D]")
    month = (dates.astype("datetime64[M]").astype(np.int64) % 12).astype(np.float64)
    weekday = (days + 3) % 7  # 1970-01-01 was a Thursday; Monday is 0
    hour = (seconds - days * SECONDS_PER_DAY) / 3600
    turns = [2 * np.pi * part / period for part, period in ((month, 12), (weekday, 7), (hour, 24))]
    circles: list[Any] = [np.round(wave(turn), CIRCLE_DECIMALS) for turn in turns for wave in (np.sin, np.cos)]
    return np.stack([seconds / SECONDS_PER_DAY, *circles], axis=1)
