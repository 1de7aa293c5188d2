"""The pictures of a classifier: ROC and precision-recall curves, calibration, confusion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from service.domain.model.predictor import label_text
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
    written,
)
from workers.show.svg import HUES, Picture, shortened, width_of

WIDTH = 860.0
SIDE = 330.0  # of a square plot
MOST_CELLS = 12  # classes of a confusion that are drawn
LEAST_CELL, MOST_CELL = 46.0, 92.0  # pixels


def roc_picture(report: Mapping[str, Any]) -> Picture | None:
    """The ROC and the precision-recall curve; for more than two classes of each against the rest."""
    found = report["classes"]
    largest = sorted(found["curves"], key=lambda one: -one["share"])[:HUES] if found else []
    drawn = [one for one in found["curves"] if one in largest] if found else []
    if not drawn:
        return None
    target = target_of(report)
    two = len(report["classes"]["per_class"]) == 2
    keys = [(f"s{hue}", _areas(one)) for hue, one in enumerate(drawn)]
    key_height = legend_height(WIDTH - 2 * MARGIN, keys)
    height = HEAD + key_height + ABOVE + SIDE + BELOW + 8
    rest = "" if two else ", each class against the rest"
    subtitle = f"{found['rows']:,} {found['part']} rows{rest}; dashed: guessing"
    asked = f"{target} = {label_text(drawn[0]['class'])} is" if two else f"the classes of {target} are"
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
        right.line((0, drawn[0]["share"]), (1, drawn[0]["share"]), "soft-line dashed")
    for hue, one in reversed(list(enumerate(drawn))):
        left.curve(one["roc"]["false_positive_rate"], one["roc"]["true_positive_rate"], f"s{hue}-line")
        right.curve(one["precision_recall"]["recall"], one["precision_recall"]["precision"], f"s{hue}-line")
    return picture


def _areas(one: Mapping[str, Any]) -> str:
    name = label_text(one["class"])
    return f"{name}: AUC {one['roc_auc']:.3f}, average precision {one['average_precision']:.3f}"


def calibration_picture(report: Mapping[str, Any]) -> Picture | None:
    """What came true beside the probability that was given, by bins of equal numbers of rows."""
    if not report["classes"]:
        return None
    found, part = report["classes"]["calibration"], report["classes"]["part"]
    second = label_text(report["classes"]["per_class"][1]["class"])
    of = f"of {second}" if found["of"] == "second class" else "of the predicted class"
    width, height = 520.0, HEAD + 12 + SIDE + BELOW + 16
    subtitle = f"mean error {found['expected_error']:.3f}; Brier score {found['brier']:.3f}; {part} rows"
    said = "On the dashed line, events predicted at 70 % happen 7 times in 10. Bars are 95 % intervals."
    picture = headed(width, height, "Calibration of probabilities", subtitle, said)
    x, y = Axis(f"predicted probability {of}", -0.02, 1.02), Axis("observed share", -0.02, 1.02)
    plot = Plot(picture, MARGIN + LEFT, HEAD + 12, width - 2 * MARGIN - LEFT, SIDE, x, y)
    plot.frame()
    plot.line((0, 0), (1, 1), "soft-line dashed")
    bins = found["bins"]
    for one in bins:
        plot.line((one["predicted"], one["low"]), (one["predicted"], one["high"]), "s0-line")
    plot.curve([one["predicted"] for one in bins], [one["observed"] for one in bins], "s0-line")
    for one in bins:
        hint = f"predicted {one['predicted']:.3f}, observed {one['observed']:.3f}, {one['rows']:,} rows"
        picture.dot(*plot.at(one["predicted"], one["observed"]), 4.5, "s0", ring=True, hint=hint)
    return picture


def confusion_picture(report: Mapping[str, Any]) -> Picture | None:
    """Rows by their true class (down) and the class that was predicted (across)."""
    found = report["classes"]
    if not found:
        return None
    per_class = found["per_class"]
    most = sorted(range(len(per_class)), key=lambda number: -per_class[number]["support"])[:MOST_CELLS]
    chosen = sorted(most)
    names = [label_text(per_class[number]["class"]) for number in chosen]
    counts: Sequence[Sequence[int]] = report["metrics"][found["part"]]["confusion"]
    accuracy = report["metrics"][found["part"]]["accuracy"]
    labels = min(max(width_of(name) for name in names) + 14, 170.0)
    cell = min(MOST_CELL, max(LEAST_CELL, 340 / len(chosen)))
    turned = max(width_of(name, 11) for name in names) > cell - 6
    above = min(labels, 110.0) * 0.75 + 20 if turned else 24.0
    left, top = MARGIN + 22 + labels, HEAD + 22 + above
    width = max(left + cell * len(names) + MARGIN + (50 if turned else 0), 460.0)
    rest = f"; the {len(names)} largest of {len(per_class)} classes" if len(names) < len(per_class) else ""
    subtitle = f"{found['rows']:,} {found['part']} rows; {accuracy:.1%} on the diagonal{rest}"
    height = top + cell * len(names) + MARGIN
    picture = headed(width, height, "Confusion matrix", subtitle, "Darker means a larger share of the true class.")
    picture.text(left + cell * len(names) / 2, HEAD + 18, "predicted", "soft", anchor="middle")
    picture.text(MARGIN + 12, top + cell * len(names) / 2, "true", "soft", anchor="middle", turn=-90)
    for row, number in enumerate(chosen):
        name, total = names[row], max(1, sum(counts[number]))
        middle = top + cell * (row + 0.5)
        picture.text(left - 8, middle + 4, shortened(name, labels - 12), anchor="end", hint=name)
        x = left + cell * (row + 0.5)
        if turned:
            picture.text(x, top - 8, shortened(name, 110, 11), "ink small", turn=-40, hint=name)
        else:
            picture.text(x, top - 8, name, "ink small", anchor="middle")
        for column, predicted in enumerate(chosen):
            count = counts[number][predicted]
            share = count / total
            hint = f"{name} predicted as {names[column]}: {count:,} ({share:.1%})"
            place = left + cell * column
            picture.rectangle(place, top + cell * row, cell - 2, cell - 2, "grid", rx=3)
            picture.rectangle(place, top + cell * row, cell - 2, cell - 2, "s0", opacity=share, rx=3, hint=hint)
            look = "on-hue small" if share > 0.5 else "ink small" if count else "soft small"
            short = f"{count:,}" if count < 100_000 else written(count, 0)
            picture.text(place + cell / 2 - 1, middle + 3, short, look, anchor="middle")
    return picture
