"""A FittedTransform as nodes of a graph: columns as they come to what the network reads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import zip_longest

import numpy as np
from onnx import TensorProto

from service.domain.arrays import Floats
from service.domain.cells.written import TextStyle
from service.domain.model.feature import Feature
from service.domain.model.transform import FAR, FittedTransform
from workers.export.datetimes import datetime_parts
from workers.export.graph import ML, Graph

ABSENT = -1  # the code of a missing category
ColumnPlaces = dict[tuple[int, int], int]
"""Which column of the joined blocks has an encoded column: (feature, which of its columns) to position."""


class Encoding:
    """Blocks of encoded columns, and which rows have a gap that nothing fills."""

    def __init__(self, graph: Graph, transform: FittedTransform, style: TextStyle) -> None:
        self._graph = graph
        self._style = style
        self._blocks: list[str] = []
        self._places: ColumnPlaces = {}
        self._unfilled: list[str] = []
        numbered = list(enumerate(transform.features))
        numbers = [(at, feature) for at, feature in numbered if feature.encoding != "categories"]
        words = [(at, feature) for at, feature in numbered if feature.encoding == "categories"]
        inputs = {at: self._input(feature) for at, feature in numbered}  # in the order of the features
        self._kept = self._origins(transform)
        if numbers:
            self._add_numbers(numbers, [inputs[at] for at, _ in numbers])
        if words:
            self._add_words(words, [inputs[at] for at, _ in words])

    def inputs(self, transform: FittedTransform) -> str:
        """(rows, n_outputs) float64 that hold float32: centred, scaled, perhaps clipped, and rounded, as the network
        was trained on."""
        graph = self._graph
        encoded = graph.columns(graph.join(self._blocks), [self._places[origin] for origin in self._kept])
        shifted = graph.node("Sub", encoded, graph.constant(transform.centre))
        scaled = graph.node("Div", shifted, graph.constant(transform.scale))
        if (clip := transform.clip) is not None:
            limits = np.array([clip]) if transform.clipped is None else np.where(transform.is_bin, np.inf, clip)
            scaled = self._clipped(scaled, limits)
        return graph.cast(graph.cast(scaled, TensorProto.FLOAT), TensorProto.DOUBLE)

    def _clipped(self, scaled: str, limits: Floats) -> str:
        """x / sqrt(1 + (x / limit)²), of x no further out than has a square."""
        graph = self._graph
        near = graph.node("Max", graph.node("Min", scaled, graph.constant([FAR])), graph.constant([-FAR]))
        share = graph.node("Div", near, graph.constant(limits))
        grown = graph.node("Add", graph.node("Mul", share, share), graph.constant([1.0]))
        return graph.node("Div", near, graph.node("Sqrt", grown))

    def unfilled(self) -> str | None:
        """(rows, 1) bool: where a cell is missing that nothing fills; None where the model fills all."""
        if not self._unfilled:
            return None
        graph = self._graph
        gaps = graph.cast(graph.join(self._unfilled), TensorProto.DOUBLE)
        worst = graph.node("ReduceMax", gaps, graph.constant([1], np.int64), keepdims=1)
        return graph.cast(worst, TensorProto.BOOL)

    @staticmethod
    def _origins(transform: FittedTransform) -> list[tuple[int, int]]:
        """Origins of each column that the network reads: its feature, and which of its columns."""
        every = [(at, column) for at, one in enumerate(transform.features) for column in range(len(one.encoded_names))]
        return [every[position] for position in transform.kept.tolist()]

    def _input(self, feature: Feature) -> str:
        is_word = feature.encoding == "categories"
        return self._graph.input(feature.name, TensorProto.STRING if is_word else TensorProto.DOUBLE)

    def _add(self, block: str, origins: Sequence[tuple[int, int]]) -> None:
        start = len(self._places)
        self._blocks.append(block)
        self._places.update({origin: start + column for column, origin in enumerate(origins)})

    def _add_gaps(self, gaps: str, features: Sequence[tuple[int, Feature]]) -> None:
        """Indicators, and what nothing fills, of (rows, n_features) bool."""
        flagged = [column for column, (_, feature) in enumerate(features) if feature.indicator]
        if flagged:
            block = self._graph.cast(self._graph.columns(gaps, flagged), TensorProto.DOUBLE)
            self._add(block, [(features[c][0], len(features[c][1].encoded_names) - 1) for c in flagged])
        if bare := [
            column
            for column, (_, feature) in enumerate(features)
            if feature.fill is None and feature.fill_category is None
        ]:
            self._unfilled.append(self._graph.columns(gaps, bare))

    def _add_numbers(self, features: Sequence[tuple[int, Feature]], inputs: list[str]) -> None:
        graph = self._graph
        values = graph.join(inputs)
        gaps = self._gaps(values, [feature for _, feature in features])
        fills = graph.constant([feature.fill or 0.0 for _, feature in features])
        filled = graph.node("Where", gaps, fills, values)
        # the first column of a datetime is made below; what stands here for it is not read
        self._add(filled, [(at, -1 if feature.encoding == "calendar" else 0) for at, feature in features])
        if binned := [(column, at, feature) for column, (at, feature) in enumerate(features) if feature.n_bins]:
            self._add_bins(binned, filled)
        if times := [column for column, (_, feature) in enumerate(features) if feature.encoding == "calendar"]:
            parts = datetime_parts(graph, graph.columns(filled, times))
            for number, part in enumerate(parts):
                self._add(part, [(features[column][0], number) for column in times])
        self._add_gaps(gaps, features)

    def _add_bins(self, features: Sequence[tuple[int, int, Feature]], filled: str) -> None:
        """The bins of numbers, of which each is given with its column in `filled`, as
        `service.domain.model.feature.Bins` has them."""
        graph = self._graph
        low, high = (
            np.concatenate([one.edges[some] for _, _, one in features]) for some in (slice(-1), slice(1, None))
        )
        values = graph.columns(filled, [column for column, _, one in features for _ in range(one.n_bins)])
        lows = graph.constant(low)
        within = graph.node("Min", graph.node("Max", values, lows), graph.constant(high))
        shares = graph.node("Div", graph.node("Sub", within, lows), graph.constant(high - low))
        self._add(shares, [(at, 1 + number) for _, at, one in features for number in range(one.n_bins)])

    def _gaps(self, values: str, features: Sequence[Feature]) -> str:
        """Where numbers are missing: NaN, or what the dataset wrote for it, such as -999."""
        graph = self._graph
        gaps = graph.node("IsNaN", values)
        written = [
            sorted(self._style.missing_numbers(one.name)) if one.facts.holds == "numbers" else [] for one in features
        ]
        for each in zip_longest(*written, fillvalue=math.nan):  # one number of every column at a time
            gaps = graph.node("Or", gaps, graph.node("Equal", values, graph.constant(each)))
        return gaps

    def _add_words(self, features: Sequence[tuple[int, Feature]], inputs: list[str]) -> None:
        graph = self._graph
        codes = graph.join([self._codes(feature, name) for (_, feature), name in zip(features, inputs, strict=True)])
        gaps = graph.node("Equal", codes, graph.constant([ABSENT], np.int64))
        fills = graph.constant([_code_of_fill(feature) for _, feature in features], np.int64)
        filled = graph.node("Where", gaps, fills, codes)
        if any(feature.statistics for _, feature in features):
            filled = self._add_statistics(features, filled)
        which = {at: column for column, (at, _) in enumerate(features)}
        widths = {at: len(feature.categories) + int(feature.other) for at, feature in features}
        read = [(at, column) for at, column in self._kept if column < widths.get(at, 0)]
        if read:
            of_each = graph.columns(filled, [which[at] for at, _ in read])
            hot = graph.node("Equal", of_each, graph.constant([column for _, column in read], np.int64))
            self._add(graph.cast(hot, TensorProto.DOUBLE), read)
        self._add_gaps(gaps, features)

    def _add_statistics(self, features: Sequence[tuple[int, Feature]], codes: str) -> str:
        """The statistics of categories; the codes, where those that have some share that of all others."""
        graph = self._graph
        for column, (at, feature) in enumerate(features):
            if (told := feature.statistics) is not None:
                behind = np.zeros((len(feature.categories) + 1, len(told.outputs)))  # the kept ones, and any other
                table = graph.constant(np.vstack([behind, np.array(told.values).reshape(-1, len(told.outputs))]))
                rows = graph.node("Squeeze", graph.columns(codes, [column]), graph.constant([1], np.int64))
                first = len(feature.categories) + int(feature.other)
                self._add(graph.node("Gather", table, rows, axis=0),
                          [(at, first + number) for number in range(len(told.outputs))])  # fmt: skip
        most = graph.constant([len(feature.categories) for _, feature in features], np.int64)
        return graph.node("Min", codes, most)

    def _codes(self, feature: Feature, name: str) -> str:
        """The position of a category, one past the last for any other (those with statistics follow), ABSENT for
        none."""
        known = len(feature.categories)
        told = feature.statistics.categories if feature.statistics else ()
        codes = dict.fromkeys(self._style.missing, ABSENT)
        codes |= {category: position for position, category in enumerate(feature.categories)}
        codes |= {category: known + 1 + number for number, category in enumerate(told)}
        codes[""] = ABSENT
        return self._graph.node(
            "LabelEncoder", name, domain=ML,
            keys_strings=list(codes), values_int64s=list(codes.values()), default_int64=known,
        )  # fmt: skip


def _code_of_fill(feature: Feature) -> int:
    known = {category: position for position, category in enumerate(feature.categories)}
    return known.get(feature.fill_category or "", len(known))  # the most frequent category has always an input
