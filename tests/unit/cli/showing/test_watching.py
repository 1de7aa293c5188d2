"""What the events of a job with several runs of epochs look like."""

from __future__ import annotations

import io

from rich.console import Console

from service.cli.showing.watching import WatchView
from service.client.records import Event


def drawn(view: WatchView) -> str:
    out = io.StringIO()
    Console(file=out, width=100).print(view)
    return out.getvalue()


def test_a_comparison_that_has_ended_does_not_show_a_descent_on_its_way() -> None:
    view = WatchView()
    view.take(Event(seq=1, type="state", data={"state": "running"}))
    at = {"descent": "mini-batch, raw", "epoch": 0, "epochs": 50, "fraction": 0.83, "train_loss": 5929.9}
    view.take(Event(seq=2, type="epoch", data=at))
    assert "83% done · mini-batch, raw" in drawn(view)
    view.take(Event(seq=3, type="state", data={"state": "succeeded"}))
    assert "mini-batch, raw" not in drawn(view)
    assert "5929.9" not in drawn(view)


def test_of_two_trainings_it_is_told_which_one_goes() -> None:
    view = WatchView()
    view.take(Event(seq=1, type="state", data={"state": "running"}))
    for seq, stage, loss in ((2, "linear", 111.5), (3, "mlp", 222.5)):
        at = {"stage": stage, "epoch": 3, "epochs": 50, "fraction": 0.1, "train_loss": loss, "eta_seconds": None}
        view.take(Event(seq=seq, type="epoch", data=at))
        assert f"{'linear neuron' if stage == 'linear' else 'network'}, epoch 3 of 50" in drawn(view)
    assert "222.5" in drawn(view)
    assert "111.5" not in drawn(view)  # a curve of losses is one training's
