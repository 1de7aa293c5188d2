"""Pages for who keeps an installation: how it is, and what is stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from service.cli.showing.fitting import SheetCell
from service.cli.showing.rendering import NOTHING, details, size, table

STYLES = {"ok": "green", "degraded": "yellow", "unavailable": "red", "full": "red"}
UNITS = ((86_400, "d"), (3600, "h"), (60, "min"))


def status(found: Mapping[str, Any]) -> Group:
    """One page: what works, what waits, what failed, what is stored."""
    parts = [f"{name} {word}" for name, word in found["parts"].items()]
    free = found["free_bytes"]
    stored = [f"{kind} {size(n)}" for kind, n in found["bytes"].items() if kind != "total" and n]
    room = f"{size(free)} free" if free is not None else "in S3"
    first = details(
        [
            ("status", Text(found["status"], style=STYLES.get(found["status"], ""))),
            ("parts", ", ".join(parts)),
            ("version", f"adaline {found['adaline']}, database revision {found['revision']}"),
            ("jobs", _counted(found["jobs"])),
            ("datasets", _counted(found["datasets"])),
            ("storage", f"{size(found['bytes']['total'])} ({', '.join(stored) or 'nothing'}), {room}"),
            ("unused", f"{size(found['unused_bytes'])}, deleted once it is old"),
        ]
    )
    return Group(
        first,
        *_titled("queues", _queues(found["queues"])),
        *_titled("workers", _workers(found["workers"])),
        *_titled("failed in the last 24 hours", _failures(found["failures"])),
    )


def usage(owners: Iterable[Mapping[str, Any]]) -> RenderableType:
    """What each owner has stored."""
    counts = ("datasets", "jobs", "models", "versions")
    kinds = ("uploads", "tables", "checkpoints", "results")
    numbers = (*counts, "bytes", *kinds, "models' files")
    rows = [
        [
            one["owner"],
            *(f"{one[name]:,}" for name in counts),
            size(one["bytes"]["total"]),
            *(size(one["bytes"][kind]) for kind in (*kinds, "versions")),
        ]
        for one in owners
    ]
    return table(("owner", *numbers), rows, numbers, (*kinds, "models' files", "jobs", "models"))


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {state}" for state, count in counts.items() if count) or "none"


def _titled(title: str, page: RenderableType | None) -> list[RenderableType]:
    shown = Text("  none") if page is None else page
    return [Text(), Text(title, style="bold"), shown]


def _queues(queues: Iterable[Mapping[str, Any]]) -> RenderableType:
    rows = [
        [
            one["queue"],
            f"{one['waiting']:,}",
            age(one["oldest_seconds"]) if one["waiting"] else NOTHING,
            NOTHING if one["messages"] is None else f"{one['messages']:,}",
        ]
        for one in queues
    ]
    numbers = ("waiting", "oldest", "messages")
    return table(("queue", *numbers), rows, numbers)


def _workers(workers: list[Mapping[str, Any]]) -> RenderableType | None:
    rows: list[list[SheetCell]] = [
        [one["id"], one["state"], ", ".join(one["roles"]), f"{len(one['doing'])} of {one['processes']}", _doing(one)]
        for one in workers
    ]
    return table(("worker", "state", "takes", "busy", "doing"), rows, ("busy",), ("doing",)) if rows else None


def _doing(worker: Mapping[str, Any]) -> str:
    return ", ".join(f"{one['kind']} {one['id']}" for one in worker["doing"]) or NOTHING


def _failures(failures: list[Mapping[str, Any]]) -> RenderableType | None:
    rows = [[one["code"], f"{one['count']:,}", one["newest"], one["detail"]] for one in failures]
    return (
        table(("code", "times", "newest", "what it was told"), rows, ("times",), ("what it was told",))
        if rows
        else None
    )


def age(seconds: float) -> str:
    """A time that has passed, in its two largest units.

    >>> age(3720.0), age(59.4)
    ('1\\xa0h\\xa02\\xa0min', '59\\xa0s')
    """
    left, said = int(seconds), []
    for unit, name in UNITS:
        if left >= unit:
            said.append(f"{left // unit} {name}")
            left %= unit
    said = [*said, f"{left} s"] if len(said) < 2 and (left or not said) else said
    return " ".join(said[:2]).replace(" ", "\u00a0")
