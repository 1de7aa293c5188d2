"""What a teacher would say of a comparison's numbers. Seconds are left out: they are not the same twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ALIKE = 1.5  # factors up to this are called the same


@dataclass(frozen=True, slots=True)
class SpokenFigures:
    """The figures of a descent that are spoken of. It arrived after `steps` by what was looked at; between two looks it
    may have been there after `steps_least` already."""

    name: str
    scaled: bool
    reached: bool
    diverged: bool
    epochs: float
    steps: int
    steps_least: int
    rows_touched: int
    rows_touched_least: int
    batch_size: int
    learning_rate: float
    condition_number: float

    @classmethod
    def of(cls, descent: Mapping[str, Any]) -> SpokenFigures:
        known = {name: descent[name] for name in cls.__dataclass_fields__ if name != "name"}
        return cls(name=descent["descent"], **known)


def sentence(tolerance: float, descents: Sequence[SpokenFigures], best: str = "the best loss") -> str:
    """On scaled columns, which descent took the fewest rows and what a step costs; then what scaling did. `best` names
    the loss that the gap is measured to."""
    scaled = [descent for descent in descents if descent.scaled]
    raw = [descent for descent in descents if not descent.scaled]
    return " ".join([_on_descents(f"{tolerance:.3g} of the gap to {best}", scaled), _on_scaling(scaled, raw)])


def _on_descents(share: str, descents: Sequence[SpokenFigures]) -> str:
    arrived = sorted((one for one in descents if one.reached), key=lambda one: (one.rows_touched, one.steps))
    said = []
    if arrived and not arrived[-1].steps:
        said.append("All descents start at the goal: there is no gap to close.")
    elif arrived:
        said.append(_on_rows(share, arrived))
        said += _on_steps(arrived)
    for descent in descents:
        if not descent.reached:
            said.append(f"{_capital(descent.name)} descent {_why_not(descent)}.")
    return " ".join(said)


def _on_rows(share: str, arrived: Sequence[SpokenFigures]) -> str:
    """`arrived` come by their rows, and of as many rows by their steps."""
    first = arrived[0]
    if len(arrived) == 1:
        return f"On scaled columns only {first.name} descent got to {share}: it took {_way(first)}."
    alike = [one for one in arrived if one.rows_touched_least <= first.rows_touched]
    later = "".join(f"; {one.name} descent took {_way(one)}" for one in arrived if one not in alike)
    if len(alike) == 1:
        won = f"{first.name} descent needed the fewest rows until {share} was left"
        return f"On scaled columns {won}: {_way(first)}{later}."
    ways = "; ".join(f"{one.name} descent {_way(one)}" for one in alike)
    return (
        f"On scaled columns {_listed([one.name for one in alike])} descent needed equally many rows, within the "
        f"resolution of the loss checks, until {share} was left: {ways}{later}."
    )


def _on_steps(arrived: Sequence[SpokenFigures]) -> list[str]:
    """Said where another descent than that of the fewest rows made the fewest steps."""
    fewest = min(arrived, key=lambda one: one.steps)
    alike = [one for one in arrived if one.steps_least <= fewest.steps]
    if len(alike) > 1 or fewest is arrived[0]:
        return []
    return [
        f"{_capital(fewest.name)} descent made the fewest steps: {fewest.steps:,}, of "
        f"{_many(fewest.batch_size, 'row')} each."
    ]


def _on_scaling(scaled: Sequence[SpokenFigures], raw: Sequence[SpokenFigures]) -> str:
    before, after = raw[0].condition_number, scaled[0].condition_number
    said = f"Without scaling the condition number is {before:,.3g} instead of {after:,.3g}"
    pairs = list(zip(sorted(scaled, key=_by_name), sorted(raw, key=_by_name), strict=True))
    lost = [one.name for one, bare in pairs if one.reached and not bare.reached]
    gained = [one.name for one, bare in pairs if bare.reached and not one.reached]
    both = [(one, bare) for one, bare in pairs if one.reached and bare.reached and one.rows_touched]
    factors = {one.name: bare.rows_touched / one.rows_touched for one, bare in both}
    if factors and not lost and not gained and all(1 / ALIKE <= factor <= ALIKE for factor in factors.values()):
        return f"{said}; that makes little difference to these descents."
    parts = []
    if lost:
        parts.append(f"{_listed(lost)} descent did not get there")
    if gained:
        parts.append(f"{_listed(gained)} descent got there, which it did not with scaling")
    for name, factor in factors.items():
        if factor > ALIKE:
            parts.append(f"{name} descent took {factor:,.2g} times as many rows")
        elif factor < 1 / ALIKE:
            parts.append(f"{name} descent took only {factor:,.2g} times as many rows")
    return f"{said}: {'; '.join(parts)}." if parts else f"{said}."


def _by_name(descent: SpokenFigures) -> str:
    return descent.name


def _way(descent: SpokenFigures) -> str:
    return f"{_many(descent.rows_touched, 'row')} ({_many(descent.epochs, 'epoch')}, {_many(descent.steps, 'step')})"


def _why_not(descent: SpokenFigures) -> str:
    if descent.diverged:
        return f"diverged: the learning rate {descent.learning_rate:.3g} is too large for it"
    return f"had not got there after {_many(descent.epochs, 'epoch')} ({_many(descent.steps, 'step')})"


def _many(count: float, what: str) -> str:
    figure = f"{count:,}" if isinstance(count, int) else f"{count:.3g}"
    return f"{figure} {what}" if count == 1 else f"{figure} {what}s"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]
