"""What the row of a dataset says of its table, as the domain has it."""

from __future__ import annotations

from service.domain.cells.table import Table
from service.domain.cells.written import TextStyle
from service.domain.reading.dialect import Dialect
from service.store.tables import DatasetRow


def table_of(dataset: DatasetRow) -> Table:
    """Its columns; none before it is ready."""
    return Table.from_json(dataset.rows or 0, dataset.columns or [], style_of(dataset))


def style_of(dataset: DatasetRow) -> TextStyle:
    """How its cells were written."""
    return TextStyle.from_json((dataset.dialect or {}).get("text_style"))


def dialect_of(dataset: DatasetRow) -> Dialect | None:
    """How its file was written; None where that was no text."""
    return Dialect.from_json(dataset.dialect)
