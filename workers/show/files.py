"""What people look at: the pictures of a version and its card, made from its report alone."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Iterator, Mapping, Sequence

from service.domain.cells.kinds import Kind
from service.domain.report.report import Report
from workers.show import pictures
from workers.show.card import CARD, model_card
from workers.show.exhibit import Exhibit
from workers.show.views import views


@functools.cache
def exhibits() -> tuple[Exhibit, ...]:
    """Those of all modules of `workers.show.pictures`, in their places."""
    names = (module.name for module in pkgutil.iter_modules(pictures.__path__, f"{pictures.__name__}."))
    found: list[Exhibit] = [importlib.import_module(name).EXHIBIT for name in names]
    return tuple(sorted(found, key=lambda exhibit: (exhibit.place, exhibit.file)))


def shown(report: Report, kinds: Mapping[str, Kind], taken: Sequence[str] = ()) -> Iterator[tuple[str, bytes]]:
    """Files with their names: each exhibit that the report has something of (of several targets for each of them), then
    the model card, which shows them, and tells of the files `taken` along to answer elsewhere."""
    there: list[tuple[Exhibit, int]] = []
    for exhibit, number, view in _views(report):
        if (text := exhibit.draw(view)) is not None:
            there.append((exhibit, number))
            yield exhibit.named(number), text.encode()
    yield CARD, model_card(report, kinds, there, taken).encode()


def _views(report: Report) -> Iterator[tuple[Exhibit, int, Report]]:
    """Each exhibit with what it shows, and the number of its target."""
    yield from ((exhibit, 0, report) for exhibit in exhibits() if not exhibit.of_each)
    for number, _, view in views(report):
        yield from ((exhibit, number, view) for exhibit in exhibits() if exhibit.of_each)
