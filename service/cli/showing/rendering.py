"""What the command line shows: tables, details and reports as rich renderables, made of the client's records."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.segment import Segment
from rich.text import Text

from service.cli.showing.fitting import UNLIMITED, Pairs, Sheet, SheetCell, SheetWords, text_of, window
from service.cli.showing.rejected import rejected_rows
from service.client.records import Dataset, Job
from service.visible import visible

NOTHING = "–"
BARS = "▁▂▃▄▅▆▇█"
WIDE = 200  # columns of a sentence that nobody's window limits: in a pipe or a file
STATE_STYLES = {
    "ready": "green",
    "succeeded": "green",
    "failed": "red",
    "cancelled": "yellow",
    "cancelling": "yellow",
    "paused": "yellow",
    "running": "cyan",
    "ingesting": "cyan",
}
PREVIEW_ROWS = 10
SPLITS = ("train", "validation", "test")


class VisibleConsole(Console):
    """A console that names and cells of strangers cannot steer, and that breaks no word. Sheets may be wider than it
    where `sheet_width` says so."""

    sheet_width = 0

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        if isinstance(renderable, str | Text):
            renderable = SheetWords(text_of(renderable))
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)


def console(*, stderr: bool = False, wide: bool = False) -> Console:
    """A console that is coloured and as wide as its window on a terminal, and plain elsewhere: as wide as COLUMNS says,
    else as sheets need. With `wide` no window limits those."""
    made = VisibleConsole(stderr=stderr, highlight=False)
    if not made.is_terminal:
        limit = window(is_terminal=False)
        made = VisibleConsole(stderr=stderr, highlight=False, width=limit or WIDE, no_color=True)
        made.sheet_width = 0 if limit else UNLIMITED
    if wide:  # sentences still end where the window does
        made.sheet_width = UNLIMITED
    return made


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
    return NOTHING if time is None else time.astimezone().strftime("%Y-%m-%d\u00a0%H:%M")


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


def table(
    headings: Sequence[str], rows: Iterable[Sequence[SheetCell]], numbers: Sequence[str] = (), spare: Sequence[str] = ()
) -> Sheet:
    """Rows under headings; the columns named in `numbers` stand to the right, those in `spare` may be left out."""
    cells = [[text_of(cell) for cell in row] for row in rows]
    return Sheet([visible(heading) for heading in headings], cells, numbers, spare)


def details(pairs: Iterable[tuple[str, SheetCell]]) -> Pairs:
    """A name and a value on each line."""
    return Pairs([(visible(name), text_of(value)) for name, value in pairs])


def datasets(records: Iterable[Dataset]) -> Sheet:
    rows = (
        (
            it.name,
            state(it.state),
            figure(it.rows),
            figure(it.column_count),
            size(it.bytes),
            moment(it.created_at),
            it.id,
        )
        for it in records
    )
    headings = ("name", "state", "rows", "columns", "size", "uploaded", "dataset")
    return table(headings, rows, ("rows", "columns", "size"), ("uploaded", "size", "columns", "rows"))


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
    shown = table(("column", "kind", "missing", "distinct"), columns, ("missing", "distinct"))
    notes = [Text(visible(f"{c.name}: {note}"), style="yellow") for c in it.columns for note in c.notes]
    return Group(head, shown, *notes, *rejected_rows((it.dialect or {}).get("rejected")))


def preview(seen: Mapping[str, Any]) -> Group:
    """How the first part of a file would be read."""
    written = {name: to for name, to in (seen["dialect"] or {}).items() if name in ("encoding", "delimiter", "header")}
    head = details((name, repr(to) if isinstance(to, str) else str(to)) for name, to in written.items())
    columns = [(it["name"], it["kind"], Text("; ".join(it["notes"]), style="yellow")) for it in seen["columns"]]
    rows = [[NOTHING if cell is None else str(cell) for cell in row] for row in seen["rows"][:PREVIEW_ROWS]]
    names = [it["name"] for it in seen["columns"]]
    rejects = [(str(it["row"]), it["column"], it["reason"]) for it in seen["rejects"]]
    return Group(
        head,
        table(("column", "kind", "notes"), columns),
        *([table(names, rows, spare=names[:0:-1])] if rows else []),
        *([table(("rejected row", "column", "reason"), rejects)] if rejects else []),
    )


def jobs(records: Iterable[Job]) -> Sheet:
    rows = ((_model_of(it), state(it.state), _share(it), moment(it.created_at), it.kind, it.id) for it in records)
    headings = ("model", "state", "progress", "submitted", "kind", "job")
    return table(headings, rows, spare=("submitted", "kind"))


def job(it: Job) -> Pairs:
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
            *_losses(it),
            ("attempt", figure(it.attempt)),
            ("submitted", moment(it.created_at)),
            ("started", moment(it.started_at)),
            ("finished", moment(it.finished_at)),
            *_error(it.error),
        )
    )


def _losses(it: Job) -> list[tuple[str, SheetCell]]:
    """The losses of a training; none for a comparison, whose losses are of one descent among six."""
    told = [
        f"{split} {figure(loss)}"
        for split in ("train", "validation")
        if (loss := (it.progress or {}).get(f"{split}_loss")) is not None
    ]
    return [("loss", ", ".join(told))] if told and it.kind == "train" else []


def _listed(target: str | list[str]) -> str:
    return target if isinstance(target, str) else ", ".join(target)


def _model_of(it: Job) -> str:
    model = it.model or {"name": it.spec.get("model") or it.model_name or NOTHING}
    return f"{model['name']}:{model['version']}" if model.get("version") else str(model["name"])


def _share(it: Job) -> str:
    """How far it is, in few letters: 35/100 epochs, or 67% of a work that has none."""
    progress = it.progress or {}
    if it.kind == "train" and progress.get("epoch") is not None:
        return f"{figure(progress['epoch'])}/{figure(progress.get('epochs'))}"
    return _progress(it)


def _progress(it: Job) -> str:
    progress = it.progress or {}
    if not progress:
        return NOTHING
    if it.kind != "train":  # epochs of one descent do not tell how far all of them are; a prediction has none
        return f"{float(progress.get('fraction') or 0.0):.0%}"
    of = "refit, epoch" if progress.get("stage") == "refit" else "epoch"
    return f"{of} {figure(progress.get('epoch'))} of {figure(progress.get('epochs'))}"


def _error(error: Mapping[str, Any] | None) -> list[tuple[str, SheetCell]]:
    return [("error", Text(f"{error.get('detail')} ({error.get('code')})", style="red"))] if error else []
