"""Warnings about what cells were read as: words that are gaps, numbers that are words, categories that share one."""

from __future__ import annotations

from collections.abc import Iterator

from service.domain.cells.table import Column
from service.domain.cells.written import shown
from service.domain.preflight.plan import Plan
from service.domain.preflight.warned import at_feature
from service.domain.report.warned import Warned
from service.domain.resolving.limits import kept_categories

FREQUENT = 0.05  # of the rows: a word that is perhaps no gap but a value, as NA is Namibia


def cell_warnings(plan: Plan) -> Iterator[Warned]:
    """Warnings about cells: of the targets first, then of each feature, and of columns that would be features if
    readable."""
    pointer = "/target"
    for target in plan.targets:
        yield from _missing_words(plan, target, f"target {target.name!r}", 0.0, pointer)
    for feature in plan.features:
        at = at_feature(plan.asked, feature.name)
        yield from _missing_words(plan, feature, f"feature {feature.name!r}", FREQUENT, at)
        yield from _shared(plan, feature, at)
    yield from _unread(plan)


def _missing_words(plan: Plan, column: Column, what: str, least: float, pointer: str) -> Iterator[Warned]:
    """By the note that ingest has left: where somebody has declared the words, there is none."""
    rows = plan.figures.table.rows
    for word, count in plan.figures.details.get(column.name, {}).get("missing_words", {}).items():
        note = next((note for note in column.notes if note.startswith(f"{shown(word)} is read as missing")), None)
        if note is not None and count > least * rows:
            gone = "; rows without a value are left out" if pointer == "/target" else ""
            yield Warned("missing_word", f"{what}: {note}{gone}", pointer)


def _shared(plan: Plan, feature: Column, pointer: str) -> Iterator[Warned]:
    most = kept_categories(plan.figures.table.rows, plan.limits.max_categories)
    if feature.facts.encoding != "categories" or feature.distinct <= most:
        return
    yield Warned(
        "categories_shared",
        f"feature {feature.name!r} has {feature.distinct:,} categories: the {most:,} most frequent get at most one "
        f"input each, and the other {feature.distinct - most:,} share one, beside their effect on the target where "
        "they differ by more than chance; group its values, or ask the operator to set "
        f"ADALINE_MAX_CATEGORIES={feature.distinct}",
        pointer,
    )


def _unread(plan: Plan) -> Iterator[Warned]:
    """Columns in which most cells are numbers, and which are words for the others."""
    asked, chosen = plan.asked, frozenset(plan.spec.features or ())
    for column in plan.figures.table.columns:
        pointer = at_feature(asked, column.name)
        if "odd_cells" not in plan.figures.details.get(column.name, {}):
            continue
        if column.name in plan.spec.targets:
            becomes, pointer = f"target {column.name!r} is learnt as classes, not as numbers", "/target"
        elif column.name in chosen:
            becomes = f"feature {column.name!r} is learnt as categories, not as numbers"
        elif asked.features is None and column.name not in (*asked.exclude, asked.weight_column):
            becomes = f"column {column.name!r} is left out as free text"
        else:
            continue
        yield Warned("numbers_as_words", f"{becomes}: {'; '.join(column.notes)}", pointer)
