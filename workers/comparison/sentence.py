"""What a teacher would say of a comparison's numbers. Seconds are left out: they are not the same twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ALIKE = 1.5  # factors up to this are called the same


@dataclass(frozen=True, slots=True)
class Told:
    """The figures of a descent that are spoken of."""

    name: str
    scaled: bool
    reached: bool
    diverged: bool
    epochs: float
    steps: int
    rows_touched: int
    learning_rate: float
    condition_number: float

    @classmethod
    def of(cls, descent: Mapping[str, Any]) -> Told:
        known = {name: descent[name] for name in cls.__dataclass_fields__ if name != "name"}
        return cls(name=descent["descent"], **known)


def sentence(tolerance: float, descents: Sequence[Told]) -> str:
    """On scaled columns, which descent took the fewest rows and what a step costs; then what scaling did."""
    scaled = [descent for descent in descents if descent.scaled]
    raw = [descent for descent in descents if not descent.scaled]
    return " ".join([_on_descents(tolerance, scaled), _on_scaling(scaled, raw)])


def _on_descents(tolerance: float, descents: Sequence[Told]) -> str:
    arrived = sorted((one for one in descents if one.reached), key=lambda one: (one.rows_touched, one.steps))
    others = [descent for descent in descents if not descent.reached]
    said = []
    if arrived:
        first, *later = arrived
        said.append(
            f"On scaled columns {first.name} descent touched the fewest rows until {tolerance:.3g} of the gap to the "
            f"best loss was left: {_way(first)}"
            + "".join(f"; {descent.name} descent took {_way(descent)}" for descent in later)
            + "."
        )
        fewest = min(arrived, key=lambda descent: descent.steps)
        if fewest is not first:
            said.append(f"The fewest steps made {fewest.name} descent, as each of its steps averages more rows.")
    for descent in others:
        said.append(f"{_capital(descent.name)} descent {_why_not(descent)}.")
    return " ".join(said)


def _on_scaling(scaled: Sequence[Told], raw: Sequence[Told]) -> str:
    before, after = raw[0].condition_number, scaled[0].condition_number
    condition = f"the condition number is {before:,.3g} instead of {after:,.3g}"
    late = [descent for descent in raw if not descent.reached]
    in_time = {descent.name: descent for descent in scaled if descent.reached}
    lost = [descent.name for descent in late if descent.name in in_time]
    if lost:
        names = _listed(lost)
        return f"Without scaling {condition}, and {names} descent did not come there: scaling is what matters here."
    factors = [
        descent.rows_touched / in_time[descent.name].rows_touched
        for descent in raw
        if descent.reached and descent.name in in_time and in_time[descent.name].rows_touched
    ]
    if not factors:
        return f"Without scaling {condition}."
    most, least = max(factors), min(factors)
    if most <= ALIKE and least >= 1 / ALIKE:
        return f"Without scaling {condition}; it makes little difference on these columns."
    if most > ALIKE:
        return f"Without scaling {condition}, and it took up to {most:,.2g} times as many rows."
    return f"Without scaling {condition}, and yet it took no more rows: the target follows the columns that are large."


def _way(descent: Told) -> str:
    return f"{_many(descent.rows_touched, 'row')} ({_many(descent.epochs, 'epoch')}, {_many(descent.steps, 'step')})"


def _why_not(descent: Told) -> str:
    if descent.diverged:
        return f"diverged: the learning rate {descent.learning_rate:.3g} is too large for it"
    return f"had not come there after {_many(descent.epochs, 'epoch')} ({_many(descent.steps, 'step')})"


def _many(count: float, what: str) -> str:
    figure = f"{count:,}" if isinstance(count, int) else f"{count:.3g}"
    return f"{figure} {what}" if count == 1 else f"{figure} {what}s"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]
