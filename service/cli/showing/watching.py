"""A job as it runs: a live bar with losses, speed and time left on a terminal, a line now and then elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from service.cli.showing import rendering
from service.client.records import TERMINAL, Event

STAGES = {"linear": "linear neuron, ", "mlp": "network, ", "refit": "refit, "}
LINES = 10  # how many lines of progress a run writes where no bar can be drawn


def follow(events: Iterable[Event], console: Console) -> None:
    """Show the events on the console until there are no more."""
    view = WatchView()
    if not console.is_terminal:
        _write(events, view, console)
        return
    with Live(view, console=console, refresh_per_second=10, transient=False) as live:
        for event in events:
            if event.type == "message":
                live.console.print(Text(_told(event.data), style="yellow" if "warning" in event.data else "dim"))
            view.take(event)


class WatchView:
    """The state of the run so far, and how it is drawn."""

    def __init__(self) -> None:
        self.state = "queued"
        self.progress: Mapping[str, Any] = {}
        self._train: list[float] = []
        self._validation: list[float] = []
        self._spinner = Spinner("dots")

    def take(self, event: Event) -> None:
        """Bring the view up to date with the next event."""
        if event.type == "state":
            self.state = str(event.data.get("state"))
        elif event.type in ("epoch", "progress"):
            if any(event.data.get(name) != self.progress.get(name) for name in ("descent", "stage")):
                self._train.clear()
                self._validation.clear()
            self.progress = event.data
            for curve, name in ((self._train, "train_loss"), (self._validation, "validation_loss")):
                if isinstance(loss := event.data.get(name), int | float):
                    curve.append(float(loss))

    def __rich__(self) -> RenderableType:
        head = Table.grid(padding=(0, 1))
        sign = self._spinner if self.state in ("queued", "running", "cancelling") else Text("●")
        if not self.progress:
            head.add_row(sign, rendering.state(self.state))
            return head
        bar = ProgressBar(total=1.0, completed=self._fraction, width=20)
        head.add_row(sign, rendering.state(self.state), bar)
        if self.state in TERMINAL and self._compares:  # where its last descent was says nothing of all of them
            return head
        curves = Table.grid(padding=(0, 1))
        for name, curve, style in (("train", self._train, "cyan"), ("validation", self._validation, "magenta")):
            if curve:
                curves.add_row(
                    "  loss", name, Text(rendering.sparkline(curve), style=style), rendering.figure(curve[-1])
                )
        return Group(head, Text(f"  {self.line()}"), curves)

    def line(self) -> str:
        """Where the run is, in one line."""
        at = self.progress
        if self._compares:
            parts = [f"{self._fraction:.0%} done", str(at["descent"])]
        elif at.get("epoch") is None:
            parts = [f"{self._fraction:.0%} of the rows"]
        else:
            stage = STAGES.get(str(at.get("stage")), "")
            parts = [f"{stage}epoch {rendering.figure(at.get('epoch'))} of {rendering.figure(at.get('epochs'))}"]
        if (speed := at.get("rows_per_second")) is not None:
            parts.append(f"{speed:,.0f} rows/s")
        if self.state == "running" and (seconds := at.get("eta_seconds")) is not None:
            parts.append(f"{duration(seconds)} left")
        return " · ".join(parts)

    @property
    def _compares(self) -> bool:
        return bool(self.progress.get("descent"))

    @property
    def _fraction(self) -> float:
        return 1.0 if self.state == "succeeded" else float(self.progress.get("fraction") or 0.0)


def duration(seconds: float) -> str:
    """A time as people say it: 4 s, 2 min 10 s, 1 h 5 min."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _told(message: Mapping[str, Any]) -> str:
    text = str(message.get("text", ""))
    return f"warning: {text}" if "warning" in message else text


def _write(events: Iterable[Event], view: WatchView, console: Console) -> None:
    written = -1
    for event in events:
        view.take(event)
        if event.type == "message":
            console.print(_told(event.data), markup=False, crop=False)
        elif event.type == "state":
            console.print(view.state)
        else:
            part = int(float(event.data.get("fraction") or 0.0) * LINES)
            if part > written:
                written = part
                losses = ", ".join(
                    f"{name} loss {rendering.figure(event.data[key])}"
                    for name, key in (("train", "train_loss"), ("validation", "validation_loss"))
                    if event.data.get(key) is not None
                )
                told = "" if event.data.get("descent") else losses  # of a descent among six
                console.print(" · ".join(filter(None, (view.line(), told))), markup=False, crop=False)
