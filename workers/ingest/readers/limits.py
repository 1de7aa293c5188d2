"""What a table may have at most; each limit has its own error."""

from __future__ import annotations

from dataclasses import dataclass

from service.errors import WorkFailed
from service.reading.bounds import Bounds
from service.settings import Settings


@dataclass(frozen=True, slots=True)
class FileLimits:
    """Sizes in bytes."""

    rows: int
    columns: int
    cell_bytes: int
    rejected_rows: int
    bounds: Bounds

    @classmethod
    def of(cls, settings: Settings) -> FileLimits:
        rows, columns, cell = settings.max_rows, settings.max_columns, settings.max_cell_bytes
        return cls(rows, columns, cell, settings.max_rejected_rows, Bounds.of(settings))

    def check_rows(self, rows: int) -> None:
        if rows > self.rows:
            raise WorkFailed(
                "too_many_rows", f"the file has more than {self.rows:,} rows, the limit (ADALINE_MAX_ROWS)"
            )

    def check_columns(self, columns: int) -> None:
        if columns > self.columns:
            raise WorkFailed(
                "too_many_columns",
                f"the file has {columns:,} columns; at most {self.columns:,} are allowed (ADALINE_MAX_COLUMNS)",
            )
