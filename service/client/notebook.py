"""A bar in a notebook while a job runs: plain HTML, drawn anew with each event. It needs nothing but the notebook."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from html import escape
from typing import Any

from service.client.records import TERMINAL, Event


def in_notebook() -> bool:
    """Whether this runs in a kernel that shows HTML (Jupyter's), and not in a plain program or a terminal."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return getattr(shell, "kernel", None) is not None


class Bar:
    """How far a job is, in the output of the cell that runs."""

    def __init__(self) -> None:
        self._state = "queued"
        self._at: Mapping[str, Any] = {}
        self._shown: Any = None
        self._draw()

    def take(self, event: Event) -> None:
        """Bring the bar up to date."""
        if event.type == "state":
            self._state = str(event.data.get("state"))
        elif event.type in ("epoch", "progress"):
            self._at = event.data
        else:
            return
        self._draw()

    def _draw(self) -> None:
        from IPython.display import HTML, display  # it is there, where there is a notebook

        page = HTML(drawn(self._state, self._at))
        if self._shown is None:
            self._shown = display(page, display_id=True)
        else:
            self._shown.update(page)


def drawn(state: str, at: Mapping[str, Any]) -> str:
    """The bar and a line beside it, as HTML."""
    done = 1.0 if state == "succeeded" else float(at.get("fraction") or 0.0)
    words = [state]
    if state not in TERMINAL or not at.get("descent"):  # where the last of several descents stood says nothing
        words += [f"{at['descent']}"] if at.get("descent") else []
        of = "refit, epoch" if at.get("stage") == "refit" else "epoch"
        words += [f"{of} {at['epoch']:,} of {at['epochs']:,}"] if at.get("epoch") is not None else []
        losses = (("train loss", at.get("train_loss")), ("validation loss", at.get("validation_loss")))
        words += [f"{name} {loss:.5g}" for name, loss in losses if loss is not None]
    if state not in TERMINAL and at.get("eta_seconds") is not None:
        words.append(f"{at['eta_seconds']:.0f} s left")
    line = escape(" · ".join(words))
    return f'<progress max="1" value="{done:.4f}" style="width: 16em"></progress> <span>{line}</span>'
