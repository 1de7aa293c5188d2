"""The learning rate of a training run by epoch: how a schedule lowered it."""

from __future__ import annotations

from service.domain.report.report import Report
from workers.show.exhibit import Exhibit, Section
from workers.show.plot import BELOW, HEAD, LEFT, MARGIN, Axis, Plot, headed, written

WIDTH, HEIGHT = 720.0, 300.0


def _draw(report: Report) -> str | None:
    """A line through the rates of all epochs; nothing where there was one rate only."""
    rates = [epoch.learning_rate for epoch in report.history]
    if len(set(rates)) < 2:
        return None
    schedule = report.lineage.spec.schedule
    subtitle = f"{schedule}: from {written(rates[0], 0)} to {written(rates[-1], 0)} in {len(rates):,} epochs"
    picture = headed(WIDTH, HEIGHT, "Learning rate by epoch", subtitle, f"Greatest: {written(max(rates), 0)}.")
    x, y = Axis("epoch", 1, report.history[-1].epoch), Axis.around("learning rate", rates, zero=True)
    plot = Plot(picture, MARGIN + LEFT, HEAD + 12, WIDTH - 2 * MARGIN - LEFT, HEIGHT - HEAD - BELOW - 24, x, y)
    plot.frame(x_ticks=[tick for tick in x.ticks(8) if tick[0] == int(tick[0])])
    plot.curve([epoch.epoch for epoch in report.history], rates, "s0-line")
    return picture.to_text()


EXHIBIT = Exhibit("learning-rate.svg", "Learning rate by epoch", Section.TRAINING, 15, _draw, of_each=False)
