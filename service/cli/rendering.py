"""What the command line shows: tables, details and reports as rich renderables, made of the client's records."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from service.client.records import Dataset, Job
from service.visible import visible

NOTHING = "–"
BARS = "▁▂▃▄▅▆▇█"
WIDE = 200  # columns of a page that nobody's window limits: a pipe or a file
STATE_STYLES = {
    "ready": "green",
    "succeeded": "green",
    "failed": "red",
    "cancelled": "yellow",
    "cancelling": "yellow",
    "running": "cyan",
    "ingesting": "cyan",
}
PREVIEW_ROWS = 10
SPLITS = ("train", "validation", "test")


class VisibleConsole(Console):
    """A console that names and cells of strangers cannot steer."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)


def console(*, stderr: bool = False) -> Console:
    """A console that is coloured and as wide as its window on a terminal, and plain and wide elsewhere."""
    made = VisibleConsole(stderr=stderr, highlight=False)
    return made if made.is_terminal else VisibleConsole(stderr=stderr, highlight=False, width=WIDE, no_color=True)


def figure(value: Any) -> str:
    """A number in at most five significant digits; – for none."""
    if value is None:
        return NOTHING
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.0f}" if 1e5 <= abs(value) < 1e15 else f"{value:.5g}"


def size(n_bytes: int) -> str:
    """Bytes as people say them: 1.2 MB."""
    amount = float(n_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def moment(time: datetime | None) -> str:
    """A time on the reader's own clock, to the minute."""
    return NOTHING if time is None else time.astimezone().strftime("%Y-%m-%d %H:%M")


def state(word: str) -> Text:
    return Text(word, style=STATE_STYLES.get(word, ""))


def sparkline(values: Sequence[float], width: int = 40) -> str:
    """A curve in one line: as many of the values as fit, each as a bar between the least and the greatest.

    Values that span more than a factor of ten are drawn by their logarithms.
    """
    if len(values) > width:
        values = [values[round(i * (len(values) - 1) / (width - 1))] for i in range(width)]
    if not values:
        return ""
    if 0 < 10 * min(values) < max(values):
        values = [math.log(value) for value in values]
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    return "".join(BARS[round((value - low) / span * (len(BARS) - 1))] for value in values)


def table(headings: Sequence[str], rows: Iterable[Sequence[RenderableType]], numbers: Sequence[str] = ()) -> Table:
    """Rows under headings; the columns named in `numbers` stand to the right."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for index, heading in enumerate(headings):
        made.add_column(
            visible(heading), justify="right" if heading in numbers else "left", no_wrap=index == 0, overflow="fold"
        )
    for row in rows:
        made.add_row(*map(_shown, row))
    return made


def details(pairs: Iterable[tuple[str, RenderableType]]) -> Table:
    """A name and a value on each line."""
    made = Table.grid(padding=(0, 2))
    made.add_column(style="bold", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in pairs:
        made.add_row(visible(name), _shown(value))
    return made


def _shown(cell: RenderableType) -> RenderableType:
    """A cell with its escapes written out before its width is measured."""
    if isinstance(cell, Text):
        return Text(visible(cell.plain), style=cell.style) if visible(cell.plain) != cell.plain else cell
    return visible(cell) if isinstance(cell, str) else cell


def datasets(records: Iterable[Dataset]) -> Table:
    rows = (
        (
            it.id,
            it.name,
            state(it.state),
            figure(it.rows),
            figure(len(it.columns)),
            size(it.bytes),
            moment(it.created_at),
        )
        for it in records
    )
    return table(("dataset", "name", "state", "rows", "columns", "size", "uploaded"), rows, ("rows", "columns", "size"))


def dataset(it: Dataset) -> Group:
    head = details(
        (
            ("dataset", it.id),
            ("name", it.name),
            ("state", state(it.state)),
            ("rows", f"{figure(it.rows)} ({figure(it.rejected_rows)} rejected)"),
            ("size", size(it.bytes)),
            ("sha256", it.sha256),
            ("uploaded", moment(it.created_at)),
            *_error(it.error),
        )
    )
    columns = [(c.name, c.kind, figure(c.nulls), figure(c.distinct)) for c in it.columns]
    return Group(head, table(("column", "kind", "missing", "distinct"), columns, ("missing", "distinct")))


def preview(seen: Mapping[str, Any]) -> Group:
    """How the first part of a file would be read."""
    written = {name: to for name, to in (seen["dialect"] or {}).items() if name in ("encoding", "delimiter", "header")}
    head = details((name, repr(to) if isinstance(to, str) else str(to)) for name, to in written.items())
    columns = [(it["name"], it["kind"], Text("; ".join(it["notes"]), style="yellow")) for it in seen["columns"]]
    rows = [[NOTHING if cell is None else str(cell) for cell in row] for row in seen["rows"][:PREVIEW_ROWS]]
    rejects = [(str(it["row"]), it["column"], it["reason"]) for it in seen["rejects"]]
    return Group(
        head,
        table(("column", "kind", "notes"), columns),
        table([it["name"] for it in seen["columns"]], rows),
        *([table(("rejected row", "column", "reason"), rejects)] if rejects else []),
    )


def jobs(records: Iterable[Job]) -> Table:
    rows = ((it.id, it.kind, state(it.state), _model_of(it), _progress(it), moment(it.created_at)) for it in records)
    return table(("job", "kind", "state", "model", "progress", "submitted"), rows)


def job(it: Job) -> Table:
    progress = it.progress or {}
    return details(
        (
            ("job", it.id),
            ("kind", it.kind),
            ("state", state(it.state)),
            *([("waits", str(it.waiting["why"]))] if it.waiting else []),
            ("model", _model_of(it)),
            ("dataset", it.dataset or NOTHING),
            ("target", _listed(it.spec.get("target", NOTHING))),
            ("progress", _progress(it)),
            (
                "loss",
                f"train {figure(progress.get('train_loss'))}, validation {figure(progress.get('validation_loss'))}",
            ),
            ("attempt", figure(it.attempt)),
            ("submitted", moment(it.created_at)),
            ("started", moment(it.started_at)),
            ("finished", moment(it.finished_at)),
            *_error(it.error),
        )
    )


def _listed(target: str | list[str]) -> str:
    return target if isinstance(target, str) else ", ".join(target)


def _model_of(it: Job) -> str:
    model = it.model or {"name": it.spec.get("model") or it.model_name or NOTHING}
    return f"{model['name']}:{model['version']}" if model.get("version") else str(model["name"])


def _progress(it: Job) -> str:
    progress = it.progress or {}
    if not progress:
        return NOTHING
    if it.kind != "train":  # epochs of one descent do not tell how far all of them are; a prediction has none
        return f"{float(progress.get('fraction') or 0.0):.0%}"
    return f"epoch {figure(progress.get('epoch'))} of {figure(progress.get('epochs'))}"


def _error(error: Mapping[str, Any] | None) -> list[tuple[str, RenderableType]]:
    return [("error", Text(f"{error.get('detail')} ({error.get('code')})", style="red"))] if error else []
