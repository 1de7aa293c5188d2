"""Rows in, what is answered for them out, a piece at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from service.api.predictions.codecs import no_rows, refused, too_many_rows
from service.domain.cells.columns import Categories, CellInvalid, Columns, missing
from service.domain.model.outputs import Answered, AnswerPlan
from service.errors import FieldError
from service.metrics import metrics
from service.reading.rows import Rows, Wrong, in_pieces

MOST_LISTED = 1000
OnError = Literal["fail", "null"]
PlaceOf = Callable[[int, int | None, Wrong], FieldError]
"""Where in the body something is wrong: by the number of the row and its line, if it has one."""


@dataclass(frozen=True, slots=True)
class FailedRow:
    """A row without an answer: its number from 0, its line in a body that has lines, and why."""

    row: int
    line: int | None
    column: str
    detail: str

    def to_json(self) -> dict[str, Any]:
        line = {} if self.line is None else {"line": self.line}
        column = {"column": self.column} if self.column else {}
        return {"row": self.row, **line, **column, "detail": self.detail}

    @property
    def sentence(self) -> str:
        where = f"row {self.row}" if self.line is None else f"line {self.line}"
        return f"{where}, column {self.column!r}: {self.detail}" if self.column else f"{where}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Outputs:
    """What the rows of one piece get; `failed` have no answer, by row of the piece. `table` are the input columns, if
    they are wanted."""

    answered: Answered
    failed: dict[int, FailedRow] = field(default_factory=dict)
    table: dict[str, Any] | None = None


def predicted(
    plan: AnswerPlan, parts: Iterable[Rows], place: PlaceOf, on_error: OnError, most_rows: int
) -> Iterator[Outputs]:
    """Raises RowsInvalid for no rows, for more than `most_rows` (0: any number), and, when such is to fail, for the
    first piece with a row that cannot be used."""
    done = 0
    predicted_rows = metrics().predicted_rows.labels("request")
    for rows in in_pieces(parts, plan.predictor.piece_rows):
        if most_rows and done + rows.n_rows > most_rows:
            raise too_many_rows(most_rows)
        outputs = _all_or_none(plan, rows, done, place) if on_error == "fail" else _each(plan, rows, done)
        predicted_rows.inc(rows.n_rows - len(outputs.failed))
        yield from _cut(outputs, plan.rows_at_once)
        done += rows.n_rows
    if not done:
        raise no_rows()


def _cut(outputs: Outputs, size: int) -> Iterator[Outputs]:
    """The outputs in parts of at most `size` rows."""
    for start in range(0, len(outputs.answered), size):
        some = slice(start, start + size)
        failed = {row - start: one for row, one in outputs.failed.items() if start <= row < start + size}
        table = outputs.table and {name: cells[some] for name, cells in outputs.table.items()}
        yield Outputs(outputs.answered.rows(some), failed, table)


def _all_or_none(plan: AnswerPlan, rows: Rows, done: int, place: PlaceOf) -> Outputs:
    if rows.wrong:
        first: dict[str, Wrong] = {}  # of each column
        for one in rows.wrong:
            first.setdefault(one.column, one)
        told = sorted(first.values(), key=lambda wrong: wrong.row)
        raise refused([place(done + wrong.row, _line(rows, wrong.row), wrong) for wrong in told])
    try:
        answered = plan.answer(rows.columns)
        wrong = next(iter(_beyond(answered)), None)
    except CellInvalid as error:
        wrong = Wrong(error.row, error.column, error.detail)
    if wrong is not None:
        raise refused([place(done + wrong.row, _line(rows, wrong.row), wrong)])
    return Outputs(answered, table=rows.table)


def _each(plan: AnswerPlan, rows: Rows, done: int) -> Outputs:
    wrong = {one.row: one for one in reversed(rows.wrong)}  # the first of each row
    columns = rows.columns
    while True:
        try:
            answered = plan.answer(columns)
            break
        except CellInvalid as error:  # a gap that nothing fills: it is filled with anything, and answered with none
            gaps = missing(columns[error.column])
            for row in np.flatnonzero(gaps).tolist():
                wrong.setdefault(row, Wrong(row, error.column, error.detail))
            columns = _filled(columns, error.column, gaps)
    for one in _beyond(answered):
        wrong.setdefault(one.row, one)
    if wrong:
        answered = answered.without(list(wrong))
    failed = {
        row: FailedRow(done + row, _line(rows, row), wrong[row].column, wrong[row].detail) for row in sorted(wrong)
    }
    return Outputs(answered, failed, rows.table)


def _beyond(answered: Answered) -> list[Wrong]:
    """The rows whose answer is no number, for a value in them was too large to compute with."""
    finite = np.isfinite(answered.by_output)
    if finite.all():
        return []
    detail = "the prediction is not a finite number: a value of the row is too large for this model"
    return [Wrong(row, "", detail) for row in np.flatnonzero(~finite.all(axis=1)).tolist()]


def _filled(columns: Columns, name: str, gaps: npt.NDArray[np.bool_]) -> Columns:
    values = columns[name]
    if isinstance(values, Categories):
        codes = np.where(gaps, len(values.values), values.codes).astype(np.int32)
        return Columns({**columns.data, name: Categories(codes, (*values.values, ""))}, columns.n_rows)
    return Columns({**columns.data, name: np.where(gaps, 0.0, values)}, columns.n_rows)


def _line(rows: Rows, row: int) -> int | None:
    return None if rows.lines is None else int(rows.lines[row])
