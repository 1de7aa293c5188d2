"""Classes by the names that the table gives them: Yes and No, not true and false; -1.0 where the class is -1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from service.domain.cells.table import Column, Table
from service.domain.cells.written import BLANKS, FALSE_WORDS, TRUE_WORDS, TextStyle, read_boolean, read_number
from service.domain.descent.figures import Figures
from service.domain.model.predictor import Label, label_text, number_label
from service.domain.sentences import few
from service.domain.spec.training import TrainingSpec
from service.domain.vocabulary.tasks import TASKS
from service.errors import FieldError, SpecInvalid

POINTER = "/class_weights"
MOST_CODES = 1000  # of a column of whole numbers without gaps, the classes are known by its ends alone


def as_written(labels: Iterable[Label], column: str, style: TextStyle) -> tuple[Label, ...]:
    """The classes of a column as its table wrote them: truths by their words, where these are others than JSON's."""
    words = style.words.get(column)
    return tuple(words[label] if words and isinstance(label, bool) else label for label in labels)


def find_class(name: str, labels: Sequence[Label], decimal: str = "") -> int | None:
    """Which class is meant: by its name, or by another spelling of the same number or truth."""
    name = name.strip(BLANKS)
    names = [label_text(label).strip(BLANKS) for label in labels]
    if name in names:
        return names.index(name)
    for mark in dict.fromkeys((decimal, "")):
        try:
            number = read_number(name, mark)
        except ValueError:
            continue
        for place, label in enumerate(labels):
            if not isinstance(label, str | bool) and label == number:
                return place
    if len(names) == 2 and names[0].lower() in FALSE_WORDS and names[1].lower() in TRUE_WORDS:
        try:
            return int(read_boolean(name))
        except ValueError:
            return None
    return None


def unknown_class(name: str, labels: Sequence[Label]) -> str:
    """The sentence for a name that no class has."""
    names = [label_text(label) for label in labels]
    near = get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"the classes are {few(names, 20, repr)}"
    return f"{name!r} is not a class; {hint}"


def wrong_names(asked: Mapping[str, float], labels: Sequence[Label], decimal: str = "") -> dict[str, str]:
    """What is wrong with each name that is none of the classes, or that of one named before."""
    wrong: dict[str, str] = {}
    taken: dict[int, str] = {}
    for name in asked:
        place = find_class(name, labels, decimal)
        if place is None:
            wrong[name] = unknown_class(name, labels)
        elif place in taken:
            wrong[name] = f"{name!r} and {taken[place]!r} are the same class; give its weight once"
        else:
            taken[place] = name
    return wrong


def check_class_weights(spec: TrainingSpec, figures: Figures) -> None:
    """Before anything is queued, as far as the classes are known without reading rows. Raises SpecInvalid."""
    table = figures.table
    column = table.column(spec.targets[0])
    if column is None or not isinstance(spec.class_weights, Mapping) or TASKS[spec.task].is_regression:
        return
    decimal = table.style.decimal_of(column.name)
    labels = _known(column, table, figures)
    if labels is not None:
        wrong = wrong_names(spec.class_weights, labels, decimal)
    else:
        wrong = {name: why for name in spec.class_weights if (why := _impossible(name, column, decimal))}
    if wrong:
        errors = [
            FieldError(f"{POINTER}/{name.replace('~', '~0').replace('/', '~1')}", why) for name, why in wrong.items()
        ]
        raise SpecInvalid(f"class_weights: {errors[0].detail}", errors)


def _known(column: Column, table: Table, figures: Figures) -> tuple[Label, ...] | None:
    """All classes of a column, in their order; None where its figures do not tell them."""
    low, high = column.minimum, column.maximum
    if column.facts.holds == "truths":
        return as_written((False, True), column.name, table.style) if column.distinct == 2 else None
    if values := figures.details.get(column.name, {}).get("values"):
        return tuple(value if isinstance(value, str) else number_label(value) for value in values)
    if counts := figures.counts(column):
        return tuple(sorted(counts))
    if not column.facts.is_quantity or not isinstance(low, int | float) or not isinstance(high, int | float):
        return None
    if column.distinct == 2:
        return number_label(low), number_label(high)
    if column.whole and column.distinct <= MOST_CODES and high - low + 1 == column.distinct:
        return tuple(range(int(low), int(high) + 1))
    return None


def _impossible(name: str, column: Column, decimal: str) -> str | None:
    """Why no class of a numeric column can have this name."""
    low, high = column.minimum, column.maximum
    if not column.facts.is_quantity or not isinstance(low, int | float) or not isinstance(high, int | float):
        return None
    try:
        number = read_number(name, decimal)
    except ValueError:
        return f"{name!r} is not a class; the classes of {column.name!r} are numbers"
    if low <= number <= high and (number.is_integer() or not column.whole):
        return None
    what = "whole numbers" if column.whole else "numbers"
    ends = f"{number_label(low)} to {number_label(high)}"
    return f"{name!r} is not a class; the classes of {column.name!r} are {what} from {ends}"
