"""The straight way from a JSON body to its answer, compiled for one model: decoded, typed and checked in C.

It answers what is written as most bodies are. Whatever else comes (a string where a number is, a gap that nothing
fills, another form) it leaves to the ordinary way, `service.api.predictions.views`, which says what is wrong. Where
both answer, they answer the same bytes.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import orjson

from service.api.predictions.answers import opening
from service.domain.arrays import Floats, Integers
from service.domain.cells.columns import Categories, CellInvalid, from_json
from service.domain.cells.kinds import Kind, kind_of
from service.domain.cells.written import TextStyle
from service.domain.model.encoder import GapUnfilled, Words
from service.usecases.predict import LoadedModel

FEW_NUMBERS = 5000  # of a request: more are scaled at once
UNKNOWN = -2  # no place of a category: the cell is to be looked at
TYPES: Mapping[str, Any] = {"number": float | None, "boolean": bool | None, "string": str | None}
UNNAMEABLE = frozenset('\\"') | {chr(number) for number in range(32)}  # what msgspec allows in no field's name
_as_tuple = msgspec.structs.astuple

Cells = Sequence[Any]


class Direct:
    """Answers for one model. Nothing in it changes after it is made: all threads use the same."""

    def __init__(self, model: LoadedModel) -> None:
        """Raises ValueError for a model whose features have names that cannot be compiled."""
        self._predictor = predictor = model.predictor
        self._encoder = predictor.transform.encoder
        self._head = opening(model.called, model.version)
        kinds = predictor.feature_kinds
        names = list(kinds)
        self._numbers = [names.index(name) for name in self._encoder.numbers.names]
        self._times = [(name, kinds[name], names.index(name)) for name in self._encoder.times.names]
        self._words = [
            (words, kinds[words.name], names.index(words.name), _finder(words, predictor.text_style))
            for words in self._encoder.words
        ]
        self._style = style = predictor.text_style
        self._missing = [
            (position, list(missing))
            for position, name in enumerate(self._encoder.numbers.names)
            if kind_of(kinds[name]).holds == "numbers" and (missing := style.missing_numbers(name))
        ]
        self._written = [
            (name, kinds[name], names.index(name))
            for name in self._encoder.numbers.names
            if kind_of(kinds[name]).json == "string"
        ]
        self._only_numbers = not self._written and self._numbers == list(range(len(names)))
        self._decode = _decoder(kinds)
        self._is_plain = not predictor.classes and isinstance(predictor.target, str)

    def answer(self, body: bytes) -> tuple[bytes, int] | None:
        """The answer to a body and how many rows that has, or None for one that takes the ordinary way."""
        try:
            given = self._decode(body)
            rows = given.records if given.records is not None else given.instances
            if rows is None or (given.records is not None and given.instances is not None):
                return None
            if not 0 < len(rows) <= self._predictor.piece_rows:
                return None
            values = self._scores(*self._parts(rows))
        except (msgspec.DecodeError, UnicodeDecodeError, CellInvalid, GapUnfilled):
            return None
        if values is None:
            return None
        if self._is_plain:
            answers = orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY)
        else:
            answers = orjson.dumps(self._predictor.answers(values))
        return self._head + answers + b"}", len(rows)

    def _scores(
        self, numbers: Floats, times: Floats, places: Integers, word_gaps: npt.NDArray[np.bool_]
    ) -> Floats | None:
        """What the predictor says of rows in the parts that `Encoder.join` takes; None where it is not finite for all.
        Raises GapUnfilled."""
        predictor = self._predictor
        if self._encoder.is_plain and numbers.size <= FEW_NUMBERS:
            values = predictor.scores(predictor.transform.scaled_in_blocks(numbers))
            if math.isfinite(values.sum()):  # it is not where a number is missing
                return values
        values = predictor.scores(predictor.transform.scaled(self._encoder.join(numbers, times, places, word_gaps)))
        return values if math.isfinite(values.sum()) else None

    def _parts(self, rows: Cells) -> tuple[Any, Any, Integers, npt.NDArray[np.bool_]]:
        """What `Encoder.join` takes. Raises CellInvalid."""
        n_rows = len(rows)
        if self._only_numbers:
            flat = list(chain.from_iterable(map(_as_tuple, rows)))
            numbers = self._without_missing(_floats(flat).reshape(n_rows, -1))
            return numbers, _none(n_rows), _none(n_rows), _none(n_rows)
        columns: list[Any] = list(zip(*map(_as_tuple, rows), strict=True))
        for name, kind, index in self._written:
            columns[index] = from_json(name, kind, columns[index], self._style)
        numbers = np.array([columns[index] for index in self._numbers], np.float64).reshape(-1, n_rows).T
        self._without_missing(numbers)
        times = np.empty((n_rows, len(self._times)))
        for position, (name, kind, index) in enumerate(self._times):
            read = from_json(name, kind, columns[index], self._style)
            times[:, position] = read  # type: ignore[assignment]  # times are numbers
        places = np.empty((n_rows, len(self._words)), np.int64)
        gaps = np.zeros(places.shape, np.bool_)
        for position, (words, kind, index, place_of) in enumerate(self._words):
            places[:, position], gaps[:, position] = self._placed(words, kind, columns[index], place_of)
        return numbers, times, places, gaps

    def _placed(self, words: Words, kind: Kind, cells: Cells, place_of: Callable[[Any, int], int]) -> tuple[Any, Any]:
        """The places of the cells of a categorical feature, and where they are missing."""
        places = [place_of(cell, UNKNOWN) for cell in cells]
        if UNKNOWN not in places:
            return places, [cell is None for cell in cells] if None in cells else False
        given = from_json(words.name, kind, cells, self._style)
        read: Categories = given  # type: ignore[assignment]  # words are categories
        return words.placed(read), read.codes < 0

    def _without_missing(self, numbers: Any) -> Any:
        """Numbers that stand for a missing cell become gaps."""
        for position, missing in self._missing:
            column = numbers[:, position]
            column[np.isin(column, missing)] = np.nan
        return numbers


def _floats(cells: list[float | None]) -> Floats:
    """NaN for a gap."""
    try:
        return np.frombuffer(bytearray(struct.pack(f"{len(cells)}d", *cells)))
    except struct.error:
        return np.array(cells, np.float64)


def _finder(words: Words, style: TextStyle) -> Callable[[Any, int], int]:
    """Where a cell as JSON has it is placed."""
    known = {word: place for word, place in words.places.items() if not style.is_missing(word)}
    places: dict[Any, int] = {**known, None: words.missing}
    return places.get


def _none(n_rows: int) -> Any:
    return np.empty((n_rows, 0))


def _decoder(kinds: dict[str, Kind]) -> Callable[[bytes], Any]:
    """Bytes -> {"records": rows} or {"instances": rows}, each row with exactly a cell of the right type a feature."""
    if any(UNNAMEABLE & set(name) for name in kinds):
        raise ValueError("a feature's name must differ from the fields' names")
    fields = [(f"f{number}", TYPES[kind_of(kind).json]) for number, kind in enumerate(kinds.values())]
    renamed = {f"f{number}": name for number, name in enumerate(kinds)}
    record = msgspec.defstruct("Record", fields, rename=renamed, gc=False)
    instance = msgspec.defstruct("Instance", fields, array_like=True, forbid_unknown_fields=True, gc=False)
    records, instances = list[record] | None, list[instance] | None  # type: ignore[valid-type]  # made for the model
    forms = [("records", records, None), ("instances", instances, None)]
    return msgspec.json.Decoder(msgspec.defstruct("Body", forms, forbid_unknown_fields=True)).decode
