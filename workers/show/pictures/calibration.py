"""Whether the probabilities of a classifier come true."""

from __future__ import annotations

from service.domain.model.predictor import label_text
from service.domain.report.report import Report
from workers.show.exhibit import Exhibit, Section
from workers.show.plot import (
    BELOW,
    HEAD,
    LEFT,
    MARGIN,
    Axis,
    Plot,
    headed,
)

SIDE = 330.0  # of a square plot


def _draw(report: Report) -> str | None:
    """What came true beside the probability that was given, by bins of equal numbers of rows."""
    if not report.classes:
        return None
    found, part = report.classes.calibration, report.classes.part
    second = label_text(report.classes.per_class[1].label)
    of = f"of {second}" if found.of == "second class" else "of the predicted class"
    width, height = 520.0, HEAD + 12 + SIDE + BELOW + 16
    subtitle = f"mean distance {found.expected_error:.3f}; Brier score {found.brier:.3f}; {part} rows"
    said = "On the dashed line, events given 70 % come true 7 times in 10. Bars are 95 % intervals."
    picture = headed(width, height, "Do the probabilities come true?", subtitle, said)
    x, y = Axis(f"predicted probability {of}", -0.02, 1.02), Axis("share that came true", -0.02, 1.02)
    plot = Plot(picture, MARGIN + LEFT, HEAD + 12, width - 2 * MARGIN - LEFT, SIDE, x, y)
    plot.frame()
    plot.line((0, 0), (1, 1), "soft-line dashed")
    bins = found.bins
    for one in bins:
        plot.line((one.predicted, one.low), (one.predicted, one.high), "s0-line")
    plot.curve([one.predicted for one in bins], [one.observed for one in bins], "s0-line")
    for one in bins:
        hint = f"given {one.predicted:.3f}, came true {one.observed:.3f}, {one.rows:,} rows"
        picture.dot(*plot.at(one.predicted, one.observed), 4.5, "s0", ring=True, hint=hint)
    return picture.to_text()


EXHIBIT = Exhibit("calibration.svg", "Predicted probabilities and what came true", Section.CERTAINTY, 80, _draw)
