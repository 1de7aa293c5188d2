"""What is wanted of each row's answer, and the columns that come out: what JSON, CSV and Arrow answers are made from.

A plan is made once for a request: it checks what is wanted, and names the columns in the order in which they are
answered. Then it is applied to the rows, some at a time; everything but flags is arrays, without a loop over rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from service.domain.cells.columns import Columns, Floats
from service.domain.model.contributions import Additive, additive
from service.domain.model.intervals import half_widths
from service.domain.model.predictor import MOST_VALUES, Label, Predictor, label_text
from service.errors import ParameterInvalid

MOST_NAMED = 20

Part = Literal["label", "prediction", "low", "high", "contribution", "flags"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request asks for: `flags`, the level of `intervals`, `contributions`, and the chosen `columns` in their
    order, None for all."""

    flags: bool = False
    intervals: float | None = None
    contributions: bool = False
    columns: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """A column of the answer: which part it is of, and which of its outputs and, of contributions, features (0 is the
    intercept)."""

    name: str
    part: Part
    output: int = 0
    feature: int = 0


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


Values = Floats | Labels | Sequence[Sequence[str]]


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
class Plan:
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

    def has(self, *parts: Part) -> bool:
        return any(slot.part in parts for slot in self.slots)

    def of(self, part: Part) -> list[Slot]:
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

    def columns(self, rows: Answered) -> Iterator[Values]:
        """The values of each column, in the order of `names`."""
        sums = self.contributions(rows)
        return (self._values(slot, rows, sums) for slot in self.slots)

    def _values(self, slot: Slot, rows: Answered, sums: Floats | None) -> Values:
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


def plan(predictor: Predictor, wanted: Wanted) -> Plan:
    """Raises ParameterInvalid for what this model cannot answer, and for columns that the answer does not have."""
    widths = None
    if wanted.intervals is not None:
        widths = half_widths(predictor.calibration, wanted.intervals, not predictor.classes)
    sums = additive(predictor) if wanted.contributions else None
    slots = _distinct(_slots(predictor, wanted))
    if wanted.columns is not None:
        slots = _chosen(slots, wanted.columns)
    if not any(slot.part == "contribution" for slot in slots):
        sums = None
    return Plan(predictor, tuple(slots), widths, sums)


def intercept_name(predictor: Predictor) -> str:
    """`intercept`; in parentheses where a feature is called so."""
    name = "intercept"
    while name in predictor.feature_kinds:
        name = f"({name})"
    return name


def score_names(predictor: Predictor) -> list[str]:
    """What contributions add up to, where that is more than one: the targets, or more than two classes; else empty."""
    if len(predictor.classes) > 2:
        return [label_text(label) for label in predictor.classes]
    return [] if isinstance(predictor.target, str) else list(predictor.target)


def _slots(predictor: Predictor, wanted: Wanted) -> list[Slot]:
    """All that there is to answer, in its order."""
    if predictor.classes:
        slots = [Slot("label", "label")]
        slots += [Slot(f"p_{label_text(one)}", "prediction", index) for index, one in enumerate(predictor.classes)]
    elif isinstance(predictor.target, str):
        slots = [Slot("prediction", "prediction")]
    else:
        slots = [Slot(name, "prediction", index) for index, name in enumerate(predictor.target)]
    if wanted.intervals is not None:
        for index, name in enumerate(predictor.targets):
            start = "" if isinstance(predictor.target, str) else f"{name}_"
            slots += [Slot(f"{start}low", "low", index), Slot(f"{start}high", "high", index)]
    if wanted.contributions:
        features = [intercept_name(predictor), *predictor.feature_kinds]
        for index, start in enumerate([f"{name}_" for name in score_names(predictor)] or [""]):
            slots += [
                Slot(f"contribution_{start}{name}", "contribution", index, feature)
                for feature, name in enumerate(features)
            ]
    return [*slots, Slot("flags", "flags")] if wanted.flags else slots


def _distinct(slots: Sequence[Slot]) -> list[Slot]:
    """No two columns have one name: the later is numbered (targets `a` and `a_low` have intervals too)."""
    taken: set[str] = set()
    found = []
    for slot in slots:
        name, number = slot.name, 1
        while name in taken:
            number += 1
            name = f"{slot.name}_{number}"
        taken.add(name)
        found.append(Slot(name, slot.part, slot.output, slot.feature))
    return found


def _chosen(slots: Sequence[Slot], names: Sequence[str]) -> list[Slot]:
    known = {slot.name: slot for slot in slots}
    listed = ", ".join(list(known)[:MOST_NAMED]) + (
        f" and {len(known) - MOST_NAMED} more" if len(known) > MOST_NAMED else ""
    )
    for number, name in enumerate(names):
        if name not in known:
            raise ParameterInvalid.at(
                "/columns", f"columns: {name!r} is not a column of this answer; it has {listed}{_hint(name)}"
            )
        if name in names[:number]:
            raise ParameterInvalid.at("/columns", f"columns: {name!r} is named twice; name each column once")
    if not names:
        raise ParameterInvalid.at("/columns", f"columns: name one or more of {listed}")
    return [known[name] for name in names]


def _hint(name: str) -> str:
    """Which parameter adds a column that is not there unasked."""
    if name == "flags":
        return "; flags=true adds it"
    if name in ("low", "high") or name.endswith(("_low", "_high")):
        return "; intervals=0.9 adds low and high"
    return "; contributions=true adds them" if name.startswith("contribution_") else ""
