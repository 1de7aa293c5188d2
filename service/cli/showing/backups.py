"""Pages about backups: what was taken, what there is, what was restored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from service.cli.showing.fitting import Pairs, Sheet
from service.cli.showing.rendering import details, moment, size, table
from service.store.backups.manifest import Manifest
from service.usecases.keeping.back_up import BackedUp
from service.usecases.keeping.prune import Pruned
from service.usecases.keeping.restore import Restored


def taken(made: BackedUp, place: str, pruned: Pruned | None) -> Pairs:
    kept = made.manifest
    new = f"{made.new_blobs:,} new ({size(made.new_bytes)})"
    return details([
        ("backup", made.name),
        ("in", place),
        ("rows", _rows(kept)),
        ("blobs", f"{kept.blobs:,} ({size(kept.size_bytes)}), {new}"),
        *([] if pruned is None else [("deleted", _deleted(pruned))]),
    ])  # fmt: skip


def _deleted(pruned: Pruned) -> str:
    backups = f"{len(pruned.names):,} older backup{'' if len(pruned.names) == 1 else 's'}"
    return f"{backups}, {pruned.blobs:,} blob{'' if pruned.blobs == 1 else 's'} ({size(pruned.size_bytes)})"


def restored(done: Restored, place: str) -> Pairs:
    kept = done.manifest
    return details([
        ("restored", done.name),
        ("from", place),
        ("taken", moment(datetime.fromisoformat(kept.taken_at))),
        ("rows", _rows(kept)),
        ("blobs", f"{kept.blobs:,} ({size(kept.size_bytes)}), {done.new_blobs:,} copied"),
    ])  # fmt: skip


def listing(found: Mapping[str, Manifest]) -> Sheet:
    columns = ("name", "taken", "rows", "blobs", "size")
    return table(columns, (_line(name, it) for name, it in found.items()), numbers=("rows", "blobs", "size"))


def _line(name: str, kept: Manifest) -> list[str]:
    taken = moment(datetime.fromisoformat(kept.taken_at))
    return [name, taken, f"{sum(kept.tables.values()):,}", f"{kept.blobs:,}", size(kept.size_bytes)]


def _rows(kept: Manifest) -> str:
    told = ", ".join(f"{count:,} {name}" for name, count in kept.tables.items() if count)
    return told or "none"
