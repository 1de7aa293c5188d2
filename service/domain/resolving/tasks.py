"""What a column is by nature when nobody says: numbers to come near to, or classes to tell apart."""

from __future__ import annotations

from typing import Any

from service.domain.cells.table import Column
from service.domain.model.predictor import number_label
from service.domain.spec.training import Split

CLASS_CODES = 20  # numeric targets holding at most so many codes 0…k-1 or 1…k may be classes
FEWEST_ROWS = {2: 2}  # rows of each of two numbers that are classes
CODE_ROWS = 5  # of each of more codes: with fewer, ten counts in thirty rows would be ten classes that nobody can learn
DECIDES = (
    'set "task" ("regression", "binary" or "multiclass") or declare "types" at upload ("categorical" for classes) to '
    "decide otherwise"
)


def natural_task(target: Column) -> tuple[str, str]:
    """The task that `auto` stands for, and why. Numbers with decimals are never classes; whole ones are where each has
    rows enough to be learnt; what is no number always is."""
    said = f"{target.name!r} is {target.kind} with {target.distinct} values"
    if not target.facts.is_quantity:
        return "binary" if target.distinct == 2 else "multiclass", said
    if not target.whole or not (target.distinct == 2 or _are_codes(target)):
        return "regression", said
    what = f"{target.name!r} has the whole numbers {_ends(target)}"
    rarest = target.rarest
    if rarest is not None and int(rarest["count"]) < FEWEST_ROWS.get(target.distinct, CODE_ROWS):
        rows = "one row" if rarest["count"] == 1 else f"{rarest['count']} rows"
        few = f"only {rows} of {class_name(rarest['value'])}: too few for classes"
        return "regression", f"{what}; {few}; {DECIDES}"
    task = "binary" if target.distinct == 2 else "multiclass"
    return task, f"{what}, with enough rows of each to be classes; {DECIDES}"


def too_rare(rows: int, split: Split) -> bool:
    """Whether a class of so many rows cannot be both learnt and judged by the parts that rows are split into."""
    is_shared_out = split.order_by is None  # else its only row may be an early one, which trains
    return rows < 2 and is_shared_out and bool(split.test or (split.validation and split.validation_dataset is None))


def class_name(value: Any) -> str:
    """A class in a sentence: a whole number without decimals."""
    return repr(number_label(value) if isinstance(value, float) else value)


def _are_codes(target: Column) -> bool:
    low, high = target.minimum, target.maximum
    return (
        isinstance(low, float | int)
        and isinstance(high, float | int)
        and target.distinct <= CLASS_CODES
        and low in (0, 1)
        and high - low + 1 == target.distinct
    )


def _ends(target: Column) -> str:
    joint = "and" if target.distinct == 2 else "to"
    return f"{class_name(target.minimum)} {joint} {class_name(target.maximum)}"
