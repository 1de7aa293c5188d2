"""Partial dependence (Friedman 2001): the mean prediction over rows, with one feature set to the same value in all."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from service.domain.arrays import Floats, Integers
from service.domain.cells.columns import Categories, Values
from service.domain.model.encoder import SECONDS_PER_DAY, encode_alone
from service.domain.model.feature import Feature
from service.domain.model.predictor import Label, Predictor, label_text
from service.domain.model.transform import displaced, place
from service.domain.report.features import Curve, PartialDependence
from workers.explain.effort import BUDGET, row_cost
from workers.explain.sample import DEPENDENCE, Sample, choose, draws, inputs_of_features, strongest
from workers.training.data.fill import FilledPart

TOP = 5  # features
POINTS = 20  # of a grid
MOST_ROWS, LEAST_ROWS = 1000, 50
MOST_CLASSES = 10
TAIL = 0.05  # the grid of numbers leaves out this share of the rows at each end
CALENDAR = (-62_135_596_800.0, 253_402_300_799.0)  # seconds from 1970 to the years 1 and 9999, first and last
DIGITS = 6  # of a number's range: float32 holds no more


def dependences(
    predictor: Predictor, part: FilledPart, names: Sequence[str] | None, seed: int, budget: int = BUDGET
) -> list[PartialDependence]:
    """Partial dependence of each named feature that has a grid; with no names, of those that move the first layer most.

    `predictions` are numbers in the target's units, one for each value; for classes an object with such a list for
    each class (of two classes only the second), the `MOST_CLASSES` likeliest ones.
    """
    transform = predictor.transform
    room = budget // (TOP * POINTS * row_cost(predictor.network))
    rows = choose(draws(seed, DEPENDENCE), len(part), max(LEAST_ROWS, min(MOST_ROWS, room)))
    sample = Sample.of(predictor, part.inputs[rows])
    numbers = {feature.name: number for number, feature in enumerate(transform.features)}
    inputs = inputs_of_features(transform)
    chosen = strongest(sample, inputs, TOP) if names is None else [numbers[name] for name in names]
    found = []
    for number in chosen:
        feature, positions = transform.features[number], inputs[number]
        first = sum(len(earlier.encoded_names) for earlier in transform.features[:number])
        local = transform.kept[positions] - first
        clipped = np.flatnonzero(~transform.is_bin[positions])
        places = transform.centre[positions], transform.scale[positions], transform.clip, clipped
        shown, values = _grid(feature, displaced(sample.inputs[:, positions], *places), local)
        if len(shown) > 1:
            encoded = place(encode_alone(feature, values)[:, local], *places).astype(np.float32)
            curve = _curve(sample, positions, encoded)
            found.append(PartialDependence(feature.name, feature.kind, shown, _series(predictor, curve)))
    return found


def _curve(sample: Sample, positions: Integers, encoded: npt.NDArray[np.float32]) -> Floats:
    """(g,) or (g, n_classes): the mean prediction at each point of the grid (g, len(positions))."""
    own = sample.share(positions)
    shares, together = sample.share(positions, encoded)[:, None], sample.together()
    some = (shares[first : first + together] for first in range(0, len(shares), together))
    return np.concatenate([sample.scores(own, others).mean(axis=1) for others in some])


def _series(predictor: Predictor, curve: Floats) -> Curve:
    if not predictor.classes:
        flat: list[float] = curve.tolist()
        return flat
    likeliest = np.argsort(-curve.mean(axis=0), kind="stable")[:MOST_CLASSES]
    chosen = [1] if len(predictor.classes) == 2 else sorted(likeliest.tolist())
    return {label_text(predictor.classes[number]): curve[:, number].tolist() for number in chosen}


def _grid(feature: Feature, encoded: Floats, local: Integers) -> tuple[Sequence[Label], Values]:
    """The grid as the report shows it, and as the transform reads it. `encoded` (n, k) are the feature's columns
    before scaling, `local` (k,) which of its columns they are. One point or none: there is nothing to vary."""
    if feature.encoding == "categories":
        shown = [*feature.categories[:POINTS]]
        shown += ["other"] if feature.other and len(shown) < POINTS else []
        known = (*feature.categories, "\0never seen")
        return shown, Categories(np.arange(len(shown), dtype=np.int32), known[: len(shown)])
    if 0 not in local:
        return [], np.empty(0)
    if feature.facts.holds == "truths":
        return [False, True], np.array([0.0, 1.0])
    column = encoded[:, local == 0][:, 0]
    if feature.indicator and local[-1] == len(feature.encoded_names) - 1:
        column = column[encoded[:, -1] < 0.5]
    if feature.encoding == "calendar":
        seconds = _moments(column)
        return [f"{np.datetime64(int(second), 's')}Z" for second in seconds], seconds
    numbers = _quantiles(column)
    return numbers.tolist(), numbers


def _moments(days: Floats) -> Floats:
    """Seconds since 1970, at whole days where the range is long, at whole minutes where it is not."""
    points = _quantiles(days) * SECONDS_PER_DAY
    step = SECONDS_PER_DAY if np.ptp(days) > 60 else 60.0
    slack = 0.5 / 60  # float32 has shifted times by some seconds in years
    return np.unique(np.clip(np.floor(points / step + slack) * step, *CALENDAR))


def _quantiles(column: Floats) -> Floats:
    """Values that occur: all when they are few, else at evenly spaced ranks without the tails. What float32 has moved
    beyond float64 is no value that occurs."""
    column = column[np.isfinite(column)]
    spread = float(np.ptp(column)) if len(column) else 0.0
    if spread == 0.0:
        return np.empty(0)
    column = np.round(column, int(np.clip(DIGITS - math.ceil(math.log10(spread)), -300, 300)))
    distinct = np.unique(column)
    if len(distinct) <= POINTS:
        return distinct
    ranks = np.rint(np.linspace(TAIL, 1 - TAIL, POINTS) * (len(column) - 1)).astype(np.int64)
    return np.unique(np.sort(column)[ranks])
