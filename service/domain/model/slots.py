"""The columns of an answer, by what a request wants: their names, in the order in which they are answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from service.domain.model.predictor import Predictor, label_text
from service.domain.sentences import few
from service.errors import ParameterInvalid

MOST_NAMED = 20

SlotPart = Literal["label", "prediction", "low", "high", "contribution", "flags"]


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
    part: SlotPart
    output: int = 0
    feature: int = 0


def slots_of(predictor: Predictor, wanted: Wanted) -> list[Slot]:
    """What is wanted, each column by a name of its own. Raises ParameterInvalid for columns that are not there."""
    slots = _distinct(_all(predictor, wanted))
    return slots if wanted.columns is None else _chosen(slots, wanted.columns)


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


def _all(predictor: Predictor, wanted: Wanted) -> list[Slot]:
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
    listed = few(list(known), MOST_NAMED)
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
