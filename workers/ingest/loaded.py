"""What one reading of a file needs, and the table that it ends in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from service.domain.cells.kinds import Kind
from service.domain.cells.written import TextStyle
from service.domain.reading.dialect import Dialect
from service.errors import WorkFailed
from workers.ingest.mends import Mend
from workers.ingest.readers.limits import FileLimits
from workers.ingest.readers.missing import MissingWords
from workers.ingest.readers.rejects import MOST_REASONS, Reject, reasons, refuse_too_large_a_share, refuse_too_many
from workers.ingest.typing.kinds import TypeDecision
from workers.ingest.typing.notes import tell


@dataclass(frozen=True, slots=True)
class Loaded:
    """The table at `path`, its columns' kinds (of words not yet whether they are text), those declared, notes by
    column, and its rejects; `counted` says of a column of words how many cells were read as missing by which word
    ("missing_words"), or are no numbers among many ("odd_cells")."""

    path: Path
    rows: int
    rejects: list[Reject]
    kinds: dict[str, Kind]
    declared: dict[str, Kind]
    notes: dict[str, list[str]]
    style: TextStyle
    dialect: Dialect | None = None
    counted: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    mend: Mend | None = None

    @property
    def rejected_share(self) -> float:
        """Rejected rows as a share of the file's rows."""
        return len(self.rejects) / (self.rows + len(self.rejects))

    def dialect_json(self) -> dict[str, Any]:
        """How the file was read, for the user and for prediction; of rejected rows how many, why, and what helps."""
        read = self.dialect.to_json() if self.dialect else {}
        told = {**read, "text_style": self.style.to_json()}
        if self.rejects:
            told["rejected"] = {
                "rows": len(self.rejects),
                "share": self.rejected_share,
                "reasons": reasons(self.rejects)[:MOST_REASONS],
                "mend": self.mend.sentence if self.mend else None,
                "options": dict(self.mend.options) if self.mend else None,
            }
        return told


@dataclass(frozen=True, slots=True)
class Reading:
    """What every way of reading a file needs: where to write, the declared kinds, limits, and whom to ask."""

    directory: Path
    kinds: dict[str, Kind]
    limits: FileLimits
    check: Callable[[], None]
    threads: int = 1
    notes: Mapping[str, list[str]] = field(default_factory=dict)

    def done(
        self,
        table: Path,
        rejects: list[Reject],
        decision: TypeDecision,
        dialect: Dialect | None,
        missing: MissingWords | None = None,
    ) -> Loaded:
        """What was read. Raises WorkFailed when that is too much, too bad, or nothing."""
        rejects = sorted(rejects, key=lambda reject: reject.line)
        refuse_too_many(rejects, self.limits.rejected_rows)
        rows = int(pq.read_metadata(table).num_rows)
        self.limits.check_rows(rows)
        if rows == 0:
            why = f": {rejects[0].sentence}" if rejects else ""
            raise WorkFailed("no_rows", f"no row of the file can be read{why}")
        refuse_too_large_a_share(rejects, rows)
        counted = {} if missing is None else tell(decision, missing, rows + len(rejects))
        notes = {name: [*self.notes.get(name, ()), *decision.notes.get(name, ())] for name in decision.kinds}
        told = {name: sentences for name, sentences in notes.items() if sentences}
        return Loaded(table, rows, rejects, decision.kinds, self.kinds, told, decision.style, dialect, counted)
