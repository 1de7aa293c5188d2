"""Why nothing is learnt from the columns of a table, where there is none to learn from."""

from __future__ import annotations

import json
from collections.abc import Sequence

from service.domain.cells.table import Column, Table
from service.domain.spec.training import TrainingSpec
from service.errors import FieldError

MOST_TOLD = 20  # columns of which each has its reason told


def nothing_left(spec: TrainingSpec, table: Table, targets: Sequence[Column]) -> str:
    """Why no column can be learnt from, one by one, and what would be."""
    reasons, mends = [], []
    for column in table.columns:
        name = repr(column.name)
        if column in targets:
            reasons.append(f"{name} is the target")
        elif column.name == spec.weight_column:
            reasons.append(f"{name} weighs the rows")
        elif column.name in spec.exclude:
            reasons.append(f"{name} is excluded")
            if column.facts.encoding is not None and not column.is_constant:
                mends.append(f'take {name} out of "exclude"')
        elif spec.features is not None and column.name not in spec.features:
            reasons.append(f"{name} is not in the list")
            if column.facts.encoding is not None and not column.is_constant:
                mends.append(f"name {name}")
        elif column.distinct == 0:
            reasons.append(f"{name} has no values")
        elif column.is_constant:
            reasons.append(f"{name} is constant")
        else:
            reasons.append("; ".join((f"{name} holds free text", *column.notes)))
            mends.append(f'declare {name} when you upload: "types": {{{json.dumps(column.name)}: "categorical"}}')
    mend = mends[0] if mends else "a column that varies is needed"
    return f"no feature is left to learn from: {_some(reasons)}; {mend}"


def none_of_them(spec: TrainingSpec, errors: Sequence[FieldError]) -> str | None:
    """The same where each of the features that were asked for is wrong by itself; None where not."""
    wrong = {error.pointer: error.detail for error in errors}
    places = [f"/features/{index}" for index in range(len(spec.features or ()))]
    if len(places) < 2 or not all(place in wrong for place in places):
        return None
    return f"nothing can be learnt from these features: {_some([wrong[place] for place in places], '; ')}"


def _some(sentences: Sequence[str], between: str = ", ") -> str:
    rest = len(sentences) - MOST_TOLD
    return between.join(sentences[:MOST_TOLD]) + (f" and {rest} more columns likewise" if rest > 0 else "")
