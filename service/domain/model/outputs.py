"""The columns of an answer with their values: what JSON, CSV and Arrow answers are made from.

A plan is made once for a request: it checks what is wanted, and names the columns in the order in which they are
answered. Then it is applied to the rows, some at a time; everything but flags is arrays, without a loop over rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from service.domain.arrays import Floats
from service.domain.cells.columns import Columns
from service.domain.model.contributions import Additive, additive
from service.domain.model.intervals import half_widths
from service.domain.model.predictor import MOST_VALUES, Label, Predictor, label_text
from service.domain.model.slots import Slot, SlotPart, Wanted, slots_of


@dataclass(frozen=True, slots=True)
class Labels:
    """Classes by number: `codes` (n_rows,) into `classes`, -1 in a row without an answer."""

    codes: npt.NDArray[np.int64]
    classes: tuple[Label, ...]

    def values(self) -> list[Label | None]:
        known = (*self.classes, None)
        return [known[code] for code in self.codes.tolist()]

    def texts(self) -> list[str]:
        names = [*map(label_text, self.classes), ""]
        return [names[code] for code in self.codes.tolist()]


OutputValues = Floats | Labels | Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Answered:
    """The rows of a piece, answered: `values` as `Predictor.predict` gives them, NaN in rows without an answer; what
    contributions are made from, the `inputs` of the network, and the `flags` of each row, where they are wanted."""

    values: Floats
    inputs: npt.NDArray[np.float32] | None = None
    flags: Sequence[Sequence[str]] | None = None

    def __len__(self) -> int:
        return len(self.values)

    @property
    def by_output(self) -> Floats:
        """(n_rows, n_outputs)."""
        return self.values.reshape(len(self.values), -1)

    def rows(self, some: slice) -> Answered:
        return Answered(
            self.values[some],
            None if self.inputs is None else self.inputs[some],
            None if self.flags is None else self.flags[some],
        )

    def without(self, rows: Sequence[int]) -> Answered:
        """These answers, with none in some of the rows."""
        values = self.values.copy()
        values[rows] = np.nan
        unanswered = set(rows)
        flags = self.flags and [[] if row in unanswered else names for row, names in enumerate(self.flags)]
        return Answered(values, self.inputs, flags)


@dataclass(frozen=True, slots=True)
class AnswerPlan:
    """How a model answers what is wanted: the chosen `slots`, `half_widths` (n_targets,) of the intervals, and the sum
    that contributions come from."""

    predictor: Predictor
    slots: tuple[Slot, ...]
    half_widths: Floats | None
    additive: Additive | None

    @property
    def names(self) -> list[str]:
        return [slot.name for slot in self.slots]

    @property
    def rows_at_once(self) -> int:
        """How many answered rows may be written at once: contributions are wide where there are many outputs."""
        most = self.predictor.piece_rows
        if self.additive is None:
            return most
        return max(1, min(most, MOST_VALUES // (len(self.additive.slopes) * (self.additive.n_features + 1))))

    def has(self, *parts: SlotPart) -> bool:
        return any(slot.part in parts for slot in self.slots)

    def of(self, part: SlotPart) -> list[Slot]:
        return [slot for slot in self.slots if slot.part == part]

    def answer(self, columns: Columns) -> Answered:
        """Raises CellInvalid for a gap that nothing fills."""
        values = self.predictor.predict(columns)
        inputs = None if self.additive is None else self.predictor.transform.apply(columns)
        flags = self.predictor.transform.unfamiliar(columns) if self.has("flags") else None
        return Answered(values, inputs, flags)

    def contributions(self, rows: Answered) -> Floats | None:
        """(n_rows, n_scores, n_features + 1), the intercept first, where they are wanted; NaN in rows without an
        answer."""
        if self.additive is None or rows.inputs is None:
            return None
        sums = self.additive.of(rows.inputs)
        sums[np.isnan(rows.by_output).any(axis=1)] = np.nan
        return sums

    def columns(self, rows: Answered) -> Iterator[OutputValues]:
        """The values of each column, in the order of `names`."""
        sums = self.contributions(rows)
        return (self._values(slot, rows, sums) for slot in self.slots)

    def _values(self, slot: Slot, rows: Answered, sums: Floats | None) -> OutputValues:
        match slot.part:
            case "label":
                best = np.where(np.isnan(rows.values[:, 0]), -1, rows.values.argmax(axis=1))
                return Labels(best, self.predictor.classes)
            case "low" | "high" if self.half_widths is not None:
                width = self.half_widths[slot.output]
                values: Floats = rows.by_output[:, slot.output] + (width if slot.part == "high" else -width)
                return values
            case "contribution" if sums is not None:
                return sums[:, slot.output, slot.feature]
            case "flags" if rows.flags is not None:
                return rows.flags
        return rows.by_output[:, slot.output]


def plan(predictor: Predictor, wanted: Wanted) -> AnswerPlan:
    """Raises ParameterInvalid for what this model cannot answer, and for columns that the answer does not have."""
    widths = None
    if wanted.intervals is not None:
        widths = half_widths(predictor.calibration, wanted.intervals, not predictor.classes)
    sums = additive(predictor) if wanted.contributions else None
    slots = slots_of(predictor, wanted)
    if not any(slot.part == "contribution" for slot in slots):
        sums = None
    return AnswerPlan(predictor, tuple(slots), widths, sums)
