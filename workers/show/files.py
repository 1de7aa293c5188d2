"""What people look at: the pictures of a version and its card, made from its report alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from service.domain.cells.kinds import Kind
from workers.show.card import CARD, model_card
from workers.show.picture_classes import calibration_picture, confusion_picture, roc_picture
from workers.show.picture_features import dependence_picture, importance_picture
from workers.show.picture_regression import residual_picture
from workers.show.picture_training import loss_picture
from workers.show.picture_weights import weights_by_epoch_picture, weights_picture
from workers.show.svg import Picture
from workers.show.views import numbered, numbers

LOSS, BY_EPOCH = "loss.svg", "weights-by-epoch.svg"
PICTURES: dict[str, Callable[[Mapping[str, Any]], Picture | None]] = {
    LOSS: loss_picture,
    BY_EPOCH: weights_by_epoch_picture,
    "weights.svg": weights_picture,
    "residuals.svg": residual_picture,
    "importance.svg": importance_picture,
    "partial-dependence.svg": dependence_picture,
    "roc.svg": roc_picture,
    "calibration.svg": calibration_picture,
    "confusion.svg": confusion_picture,
}


def shown(
    report: Mapping[str, Any], kinds: Mapping[str, Kind], taken: Sequence[str] = ()
) -> Iterator[tuple[str, bytes]]:
    """Files with their names: an SVG for each thing that the report has to show (of several targets for each of them),
    then the model card, which shows them, and tells of the files `taken` along to answer elsewhere."""
    names = []
    for name, picture in _drawn(report):
        if picture is not None:
            names.append(name)
            yield name, picture.to_bytes()
    yield CARD, model_card(report, kinds, names, taken).encode()


def _drawn(report: Mapping[str, Any]) -> Iterator[tuple[str, Picture | None]]:
    of_all = (LOSS, BY_EPOCH)
    yield from ((name, PICTURES[name](report)) for name in of_all)
    for number, _, view in numbers(report):
        yield from ((numbered(name, number), draw(view)) for name, draw in PICTURES.items() if name not in of_all)
