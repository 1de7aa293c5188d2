"""What a linear neuron has learnt, beside the exact optimum, in the user's units; and how small networks came there."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from service.domain.arrays import Floats, Floats32
from service.domain.model.predictor import Predictor, TargetScale, label_text
from service.domain.report.neuron import Coefficient, Weight, WeightCourse, WeightsByEpoch
from workers.explain.certificate import Certified, linear_weights
from workers.optimum.coefficients import coefficients, user_map
from workers.training.progress import FEW_WEIGHTS, Progress

MOST = 5_000  # coefficients: a report with more is of no use to people


def side_by_side(predictor: Predictor, certified: Mapping[str, Certified]) -> dict[str, list[Weight] | None]:
    """For each target its learnt coefficients with the optimum's and the difference, null where there is none. None for
    a network, where they are too many, and where the scaler clips: then the score is no sum of multiples of columns.

    `step` is what the scaler divides a feature by: with "standard" its standard deviation. For classes they are of the
    log-odds: of the second of two; of more, each against the mean of all.
    """
    if not _has_coefficients(predictor) or predictor.network.n_parameters > MOST:
        return dict.fromkeys(predictor.targets)
    told: dict[str, list[Weight] | None] = {}
    for target, scale, label, weights in _outputs(predictor):
        certificate = certified[target].certificate
        best = {(one.feature, one.label): one for one in certificate.coefficients} if certificate else {}
        steps = dict(zip(predictor.transform.encoded_names, predictor.transform.scale.tolist(), strict=True))
        learnt = coefficients(weights, None, None, predictor.network.bias, predictor.transform, scale, label)
        beside = [_beside(one, best.get((one.feature, one.label)), steps) for one in learnt]
        told[target] = [*(told.get(target) or ()), *beside]
    return told


def _has_coefficients(predictor: Predictor) -> bool:
    return predictor.network.n_layers == 1 and predictor.transform.clip is None


def _beside(learnt: Coefficient, best: Coefficient | None, steps: Mapping[str, float]) -> Weight:
    return Weight(
        learnt.feature,
        learnt.label,
        learnt.value,
        optimum=None if best is None else best.value,
        difference=None if best is None else learnt.value - best.value,
        standard_error=None if best is None else best.standard_error,
        low=None if best is None else best.low,
        high=None if best is None else best.high,
        step=steps.get(learnt.feature),
    )


def _outputs(predictor: Predictor) -> Iterator[tuple[str, TargetScale, str | None, Floats]]:
    """Each output of a linear neuron: its target and the target's scale, its class, and its weights (w,), bias last."""
    weights, classes = linear_weights(predictor), predictor.classes
    if len(classes) > 2:
        weights = weights - weights.mean(axis=1, keepdims=True)  # softmax does not see what all classes have alike
    for column in range(weights.shape[1]):
        target = predictor.targets[0 if classes else column]
        scale = predictor.target_scales[0 if classes else column]
        label = label_text(classes[1 if len(classes) == 2 else column]) if classes else None
        yield target, scale, label, weights[:, column]


def by_epoch(
    predictor: Predictor, progress: Progress, seed: int, beside: Mapping[str, Sequence[Weight] | None]
) -> WeightsByEpoch | None:
    """The weights of a network of at most 20 after the epochs that were kept, the start as epoch 0: of a linear neuron
    as coefficients in the user's units, with the optimum's, else as they are, between scaled numbers."""
    if predictor.network.n_parameters > FEW_WEIGHTS:
        return None
    kept = {0: predictor.network.start(seed)}
    for ended in progress.history:
        if ended.weights is not None:
            kept[ended.epoch] = np.array(ended.weights, dtype=np.float32)
    kept[progress.epoch] = progress.state.parameters
    linear = _has_coefficients(predictor)
    values = np.array([_values(predictor, each) if linear else each for each in kept.values()], dtype=np.float64)
    names = [*(_coefficients(predictor, beside) if linear else ((name, None, None) for name in _names(predictor)))]
    units = "coefficients in the user's units" if linear else "weights in scaled units"
    courses = [
        WeightCourse(name, optimum, step, values[:, place].tolist())
        for place, (name, optimum, step) in enumerate(names)
    ]
    return WeightsByEpoch(units, list(kept), courses)


def _values(predictor: Predictor, parameters: Floats32) -> Floats:
    """(outputs · coefficients,) of one epoch's parameters."""
    transform, bias = predictor.transform, predictor.network.bias
    found = []
    for _, scale, _, weights in _outputs(_with(predictor, parameters)):
        values = user_map(transform, scale, bias) @ weights
        values[0] += scale.centre
        found.append(values)
    return np.concatenate(found)


def _with(predictor: Predictor, parameters: Floats32) -> Predictor:
    return Predictor(
        predictor.task,
        predictor.target,
        predictor.transform,
        predictor.network,
        parameters,
        predictor.target_scales,
        predictor.classes,
    )


def _coefficients(
    predictor: Predictor, beside: Mapping[str, Sequence[Weight] | None]
) -> Iterator[tuple[str, float | None, float | None]]:
    """The name, the optimum and the step of each, in the order of `_values`."""
    several = len(predictor.targets) > 1
    for target, _, of, _ in _outputs(predictor):
        found = {one.feature: one for one in beside[target] or () if one.label == of}
        for feature in ("intercept", *predictor.transform.encoded_names):
            named = f"{target}: {feature}" if several else f"{of}: {feature}" if of is not None else feature
            one = found.get(feature)
            yield named, one.optimum if one else None, one.step if one else None


def _names(predictor: Predictor) -> Iterator[str]:
    """Names of a network's weights, in the order of the flat vector: `hidden 1.2 ← area`, from a unit's inputs to its
    bias; of several members `member 2: hidden 1.2 ← area`."""
    network = predictor.network
    layers = [
        list(predictor.transform.encoded_names),
        *([f"hidden {layer}.{unit + 1}" for unit in range(size)] for layer, size in enumerate(network.sizes[1:-1], 1)),
        [label_text(label) for label in predictor.classes][-network.sizes[-1] :] or list(predictor.targets),
    ]
    of_members = [f"member {number}: " for number in range(1, network.members + 1)] if network.members > 1 else [""]
    for slot, of in itertools.product(network.slots(), of_members):
        layer = int(slot.name.split(".")[1])
        for unit in layers[layer + 1]:
            if slot.is_weight:
                yield from (f"{of}{unit} ← {source}" for source in layers[layer])
            else:
                yield f"{of}{unit} bias"
