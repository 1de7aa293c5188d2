"""A model as files: manifest.json says what it is, weights.safetensors holds its numbers. No code, ever.

The manifest depends on the training rows and the spec alone, and is written with sorted keys: the same model is
the same bytes.
"""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

from safetensors import SafetensorError
from safetensors.numpy import load, save

from service.domain.cells.written import BLANKS, TextStyle
from service.domain.model.feature import Feature
from service.domain.model.intervals import Calibration
from service.domain.model.network import Network
from service.domain.model.predictor import Predictor, TargetScale
from service.domain.model.transform import FittedTransform
from service.domain.plain import plain
from service.domain.reading.dialect import Dialect
from service.domain.vocabulary.activations import ACTIVATIONS

FORMAT = 1
MANIFEST = "manifest.json"
WEIGHTS = "weights.safetensors"
REPORT = "report.json"


class ArtifactInvalid(ValueError):
    """Files that do not make a model."""


def dump(predictor: Predictor) -> dict[str, bytes]:
    """The files of a model, by name."""
    manifest = {
        "format": FORMAT,
        "task": predictor.task,
        "target": predictor.target if isinstance(predictor.target, str) else list(predictor.target),
        "classes": list(predictor.classes),
        "target_scale": _scales_json(predictor),
        "transform": predictor.transform.to_json(),
        "inputs": predictor.transform.encoded_names,
        "text_style": predictor.text_style.to_json(),
        "dialect": predictor.dialect.to_json() if predictor.dialect else None,
        "network": {
            "sizes": list(predictor.network.sizes),
            "activation": predictor.network.activation,
            "bias": predictor.network.bias,
        },
    }
    if predictor.calibration is not None:
        manifest["calibration"] = predictor.calibration.to_json()
    if predictor.temperature != 1:
        manifest["temperature"] = predictor.temperature
    return {MANIFEST: to_json(manifest), WEIGHTS: save(predictor.network.tensors(predictor.parameters))}


def read(manifest_bytes: bytes, weights_bytes: bytes) -> Predictor:
    """The model of its files. Raises ArtifactInvalid when they do not fit together."""
    try:
        manifest = json.loads(manifest_bytes)
        if manifest["format"] != FORMAT:
            raise ArtifactInvalid(f"the manifest has format {manifest['format']}; this version reads {FORMAT}")
        network = Network(
            tuple(manifest["network"]["sizes"]), manifest["network"]["activation"], manifest["network"]["bias"]
        )
        predictor = Predictor(
            task=manifest["task"],
            target=manifest["target"] if isinstance(manifest["target"], str) else tuple(manifest["target"]),
            transform=FittedTransform.from_json(manifest["transform"]),
            network=network,
            parameters=network.flatten(load(weights_bytes)),
            target_scales=_scales(**manifest["target_scale"]),
            classes=tuple(manifest["classes"]),
            text_style=TextStyle.from_json(manifest.get("text_style")),
            dialect=Dialect.from_json(manifest.get("dialect")),
            calibration=Calibration.from_json(manifest["calibration"]) if "calibration" in manifest else None,
            temperature=float(manifest.get("temperature", 1.0)),
        )
        _check(predictor, manifest["inputs"])
        predictor = replace(predictor, transform=_without_blanks(predictor.transform))
    except (LookupError, TypeError, ValueError, SafetensorError) as error:
        raise ArtifactInvalid(f"the model's files do not fit together: {error}") from error
    return predictor


def _without_blanks(transform: FittedTransform) -> FittedTransform:
    """Models of before have categories with blanks around them, which no cell has any more. Where one has the name of
    another then, it stays as it is, and nothing is that category."""
    if all(category == category.strip(BLANKS) for feature in transform.features for category in feature.categories):
        return transform
    return replace(transform, features=tuple(map(_renamed, transform.features)))


def _renamed(feature: Feature) -> Feature:
    names = {category: category.strip(BLANKS) for category in feature.categories}
    taken = {category for category, name in names.items() if category == name}
    for category, name in names.items():
        if category != name and name in taken:
            names[category] = category
        taken.add(name)
    fill = feature.fill_category
    return replace(
        feature,
        categories=tuple(names.values()),
        fill_category=None if fill is None else names.get(fill, fill.strip(BLANKS)),
    )


def _scales_json(predictor: Predictor) -> dict[str, Any]:
    """Centre and scale: numbers for one target, lists for several."""
    if isinstance(predictor.target, str):
        return plain(predictor.target_scale)
    return {name: [getattr(one, name) for one in predictor.target_scales] for name in ("centre", "scale")}


def _scales(centre: float | list[float], scale: float | list[float]) -> tuple[TargetScale, ...]:
    if isinstance(centre, list) and isinstance(scale, list):
        return tuple(TargetScale(*one) for one in zip(centre, scale, strict=True))
    if isinstance(centre, list) or isinstance(scale, list):
        raise ValueError("the scale of the targets has another form than their centre")
    return (TargetScale(centre, scale),)


def _check(predictor: Predictor, inputs: list[str]) -> None:
    network, transform = predictor.network, predictor.transform
    outputs = len(predictor.classes) if len(predictor.classes) > 2 else len(predictor.targets)
    if len(predictor.target_scales) != len(predictor.targets):
        raise ValueError(f"{len(predictor.targets)} targets have {len(predictor.target_scales)} scales")
    if network.activation not in ACTIVATIONS:
        raise ValueError(f"the activation {network.activation!r} is not known")
    if transform.encoded_names != inputs or not len(inputs) == len(transform.centre) == len(transform.scale):
        raise ValueError("the transform does not give the inputs that the manifest names")
    if transform.mean is not None and len(transform.mean) != len(inputs):
        raise ValueError(f"{len(inputs)} inputs have {len(transform.mean)} means")
    if predictor.calibration is not None and len(predictor.calibration.residuals) != len(predictor.targets):
        raise ValueError(f"{len(predictor.targets)} targets have {len(predictor.calibration.residuals)} calibrations")
    if not 0 < predictor.temperature < math.inf:
        raise ValueError(f"the temperature {predictor.temperature} is not above 0")
    if (network.sizes[0], network.sizes[-1]) != (len(inputs), outputs):
        raise ValueError(f"a network of {network.sizes} does not lead from {len(inputs)} inputs to {outputs} outputs")


def to_json(data: Any) -> bytes:
    """Canonical JSON: sorted keys, no NaN. Raises ValueError for a number that JSON cannot hold."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False).encode()
