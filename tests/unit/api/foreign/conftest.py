"""Models whose answers are known by hand: prices, animals, and two numbers that give two."""

from __future__ import annotations

import numpy as np
import pytest

from service.domain.model.feature import Feature
from service.domain.model.network import Network
from service.domain.model.predictor import Predictor, TargetScale
from service.domain.model.transform import FittedTransform
from service.wiring import Deps
from tests import samples


def two_targets() -> Predictor:
    """total = width + height, area = 3 width - height + 2; a width that is missing is 1."""
    return Predictor(
        task="regression",
        target=("total", "area"),
        transform=FittedTransform(
            features=(Feature("width", "numeric", fill=1.0), Feature("height", "numeric", fill=0.0)),
            kept=np.arange(2),
            centre=np.zeros(2),
            scale=np.ones(2),
        ),
        network=Network((2, 2)),
        parameters=np.array([1, 1, 3, -1, 0, 2], dtype=np.float32),
        target_scales=(TargetScale(), TargetScale()),
    )


@pytest.fixture(autouse=True)
def published(deps: Deps) -> None:
    samples.publish(deps, samples.price_predictor(), "houses")
    samples.publish(deps, samples.kind_predictor(), "animals")
    samples.publish(deps, two_targets(), "boxes")
