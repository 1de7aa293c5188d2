"""What a regression said beside what was true, and the errors that it made."""

from __future__ import annotations

from service.domain.report.metrics import NumberMetrics
from service.domain.report.report import Report
from workers.show.exhibit import Exhibit, Section
from workers.show.plot import (
    ABOVE,
    BELOW,
    HEAD,
    LEFT,
    MARGIN,
    Axis,
    Plot,
    figure,
    headed,
    target_of,
    written,
)

WIDTH, HEIGHT = 860.0, 460.0
LEVEL = 0.9  # of the interval that is drawn


def _draw(report: Report) -> str | None:
    """Predictions against the truth, and residuals against predictions, on held-out rows."""
    found = report.residuals
    if found is None:
        return None
    scores, trivial = report.metrics[found.part], report.baseline[found.part]
    if not isinstance(scores, NumberMetrics) or not isinstance(trivial, NumberMetrics):
        return None
    truth, predictions = found.points.truth, found.points.prediction
    residuals = [true - said for true, said in zip(truth, predictions, strict=True)]
    width = next((one.half_width for one in report.intervals or () if one.level == LEVEL), None)
    target = target_of(report)
    shown = f"{len(truth):,} of " if len(truth) < found.rows else ""
    subtitle = (
        f"{shown}{found.rows:,} {found.part} rows; rmse {figure(scores.rmse)}, "
        f"beside {figure(trivial.rmse)} for always saying the mean"
    )
    held = "" if width is None else f"shaded: the {LEVEL * 100:.0f} % prediction interval, ±{written(width, 0)}"
    picture = headed(WIDTH, HEIGHT, f"Predicted and true {target}", subtitle, held)
    side = (WIDTH - 2 * MARGIN - 2 * LEFT - 24) / 2
    top, height = HEAD + ABOVE, HEIGHT - HEAD - ABOVE - BELOW - 24
    both = Axis.around("", [*truth, *predictions])
    y = Axis(f"predicted {target}", both.low, both.high)
    left = Plot(picture, MARGIN + LEFT, top, side, height, Axis(f"true {target}", both.low, both.high), y)
    left.frame("Predicted against true")
    if width is not None:
        _diagonal_band(left, both, width)
    left.line((both.low, both.low), (both.high, both.high), "soft-line dashed")
    said = Axis.around(f"predicted {target}", predictions)
    errors = Axis.around("true − predicted", residuals + ([] if width is None else [-width, width]), zero=True)
    right = Plot(picture, MARGIN + 2 * LEFT + side + 24, top, side, height, said, errors)
    right.frame("Residuals")
    if width is not None:
        right.band(-width, width, "s0", 0.10)
    right.line((said.low, 0), (said.high, 0), "soft-line dashed")
    pairs = zip(truth, predictions, strict=True)
    hints = [f"true {written(true, 0)}, predicted {written(value, 0)}" for true, value in pairs]
    picture.dots(left.places(truth, predictions), 3, "s0", 0.55, hints)
    picture.dots(right.places(predictions, residuals), 3, "s0", 0.55)
    if held:
        picture.rectangle(MARGIN + LEFT, HEIGHT - 20, 14, 8, "s0", opacity=0.2, rx=2)
        picture.text(MARGIN + LEFT + 20, HEIGHT - 12, held, "soft")
    return picture.to_text()


def _diagonal_band(plot: Plot, axis: Axis, width: float) -> None:
    """Where the truth is within the half-width of what was said; cut off at the plot's sides."""
    low, high = axis.low, axis.high
    if 2 * width >= high - low:
        return
    corners = [
        (low, low),
        (low, low + width),
        (high - width, high),
        (high, high),
        (high, high - width),
        (low + width, low),
    ]
    plot.picture.polygon([plot.at(x, y) for x, y in corners], "s0", 0.10)


EXHIBIT = Exhibit("residuals.svg", "Predicted and true values, and residuals", Section.QUALITY, 40, _draw)
