"""How well a classifier tells its classes apart: the ROC and the precision-recall curve."""

from __future__ import annotations

from service.domain.model.predictor import label_text
from service.domain.report.classes import Curves
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
    headed,
    legend,
    legend_height,
    target_of,
)
from workers.show.svg import HUES

WIDTH = 860.0
SIDE = 330.0  # of a square plot


def _draw(report: Report) -> str | None:
    """The ROC and the precision-recall curve; for more than two classes of each against the rest."""
    found = report.classes
    if found is None or not found.curves:
        return None
    largest = sorted(found.curves, key=lambda one: -one.share)[:HUES]
    drawn = [one for one in found.curves if one in largest]
    target = target_of(report)
    two = len(found.per_class) == 2
    keys = [(f"s{hue}", _areas(one)) for hue, one in enumerate(drawn)]
    key_height = legend_height(WIDTH - 2 * MARGIN, keys)
    height = HEAD + key_height + ABOVE + SIDE + BELOW + 8
    rest = "" if two else ", each class against the rest"
    subtitle = f"{found.rows:,} {found.part} rows{rest}; dashed: what guessing gives"
    asked = f"{target} = {label_text(drawn[0].label)} is" if two else f"the classes of {target} are"
    picture = headed(WIDTH, height, f"How well {asked} told apart", subtitle, "; ".join(text for _, text in keys))
    legend(picture, MARGIN, HEAD + 16, WIDTH - 2 * MARGIN, keys)
    top = HEAD + key_height + ABOVE
    false_rate, true_rate = Axis("false positive rate", -0.02, 1.02), Axis("true positive rate", -0.02, 1.02)
    left = Plot(picture, MARGIN + LEFT, top, SIDE, SIDE, false_rate, true_rate)
    left.frame("ROC")
    left.line((0, 0), (1, 1), "soft-line dashed")
    recall, precision = Axis("recall", -0.02, 1.02), Axis("precision", -0.02, 1.02)
    right = Plot(picture, WIDTH - MARGIN - SIDE, top, SIDE, SIDE, recall, precision)
    right.frame("Precision and recall")
    if two:
        right.line((0, drawn[0].share), (1, drawn[0].share), "soft-line dashed")
    for hue, one in reversed(list(enumerate(drawn))):
        left.curve(one.roc.false_positive_rate, one.roc.true_positive_rate, f"s{hue}-line")
        right.curve(one.precision_recall.recall, one.precision_recall.precision, f"s{hue}-line")
    return picture.to_text()


def _areas(one: Curves) -> str:
    name = label_text(one.label)
    return f"{name}: AUC {one.roc_auc:.3f}, average precision {one.average_precision:.3f}"


EXHIBIT = Exhibit("roc.svg", "ROC and precision-recall curves", Section.QUALITY, 70, _draw)
