"""Which classes a classifier takes for which."""

from __future__ import annotations

from service.domain.model.predictor import label_text
from service.domain.report.metrics import ClassMetrics
from service.domain.report.report import Report
from workers.show.exhibit import Exhibit, Section
from workers.show.plot import (
    HEAD,
    MARGIN,
    headed,
    written,
)
from workers.show.svg import shortened, width_of

MOST_CELLS = 12  # classes that are drawn
LEAST_CELL, MOST_CELL = 46.0, 92.0  # pixels


def _draw(report: Report) -> str | None:
    """Rows by their true class (down) and the class that was predicted (across)."""
    found = report.classes
    metrics = report.metrics.get(found.part) if found else None
    if found is None or not isinstance(metrics, ClassMetrics):
        return None
    per_class = found.per_class
    most = sorted(range(len(per_class)), key=lambda number: -per_class[number].support)[:MOST_CELLS]
    chosen = sorted(most)
    names = [label_text(per_class[number].label) for number in chosen]
    labels = min(max(width_of(name) for name in names) + 14, 170.0)
    cell = min(MOST_CELL, max(LEAST_CELL, 340 / len(chosen)))
    turned = max(width_of(name, 11) for name in names) > cell - 6
    above = min(labels, 110.0) * 0.75 + 20 if turned else 24.0
    left, top = MARGIN + 22 + labels, HEAD + 22 + above
    width = max(left + cell * len(names) + MARGIN + (50 if turned else 0), 460.0)
    rest = f"; the {len(names)} largest of {len(per_class)} classes" if len(names) < len(per_class) else ""
    subtitle = f"{found.rows:,} {found.part} rows; {metrics.accuracy:.1%} on the diagonal{rest}"
    height = top + cell * len(names) + MARGIN
    picture = headed(width, height, "What is taken for what", subtitle, "Darker: a larger share of the true class.")
    picture.text(left + cell * len(names) / 2, HEAD + 18, "predicted", "soft", anchor="middle")
    picture.text(MARGIN + 12, top + cell * len(names) / 2, "true", "soft", anchor="middle", turn=-90)
    for row, number in enumerate(chosen):
        name, total = names[row], max(1, sum(metrics.confusion[number]))
        middle = top + cell * (row + 0.5)
        picture.text(left - 8, middle + 4, shortened(name, labels - 12), anchor="end", hint=name)
        x = left + cell * (row + 0.5)
        if turned:
            picture.text(x, top - 8, shortened(name, 110, 11), "ink small", turn=-40, hint=name)
        else:
            picture.text(x, top - 8, name, "ink small", anchor="middle")
        for column, predicted in enumerate(chosen):
            count = metrics.confusion[number][predicted]
            share = count / total
            hint = f"{name} taken for {names[column]}: {count:,} ({share:.1%})"
            place = left + cell * column
            picture.rectangle(place, top + cell * row, cell - 2, cell - 2, "grid", rx=3)
            picture.rectangle(place, top + cell * row, cell - 2, cell - 2, "s0", opacity=share, rx=3, hint=hint)
            look = "on-hue small" if share > 0.5 else "ink small" if count else "soft small"
            short = f"{count:,}" if count < 100_000 else written(count, 0)
            picture.text(place + cell / 2 - 1, middle + 3, short, look, anchor="middle")
    return picture.to_text()


EXHIBIT = Exhibit("confusion.svg", "Which classes are taken for which", Section.QUALITY, 90, _draw)
