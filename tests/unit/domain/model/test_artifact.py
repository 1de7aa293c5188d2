"""A model as files: the same model is the same bytes, and files that do not fit are refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save

from service.domain.cells.columns import Categories, Columns
from service.domain.cells.written import PLAIN, TextStyle
from service.domain.model.artifact import MANIFEST, WEIGHTS, ArtifactInvalid, dump, read, to_json
from service.domain.model.feature import Feature
from service.domain.model.intervals import calibrate
from service.domain.model.network import Network, forward
from service.domain.model.predictor import Predictor, TargetScale
from service.domain.model.transform import FittedTransform
from service.domain.reading.dialect import Dialect

NETWORK = Network((4, 3, 1), "tanh")


def predictor(**changes: Any) -> Predictor:
    transform = FittedTransform(
        features=(
            Feature("size", "numeric", fill=3.0, indicator=True, low=0.0, high=50.0),
            Feature("colour", "categorical", categories=("red", "blü"), fill_category="red"),
        ),
        kept=np.arange(4),
        centre=np.array([0.1, 0.2, 0.3, 1 / 3]),
        scale=np.array([1.0, 2.0, 3.0, 1e-7]),
    )
    made = Predictor("regression", "price", transform, NETWORK, NETWORK.start(4), (TargetScale(5.5, 0.1),))
    return replace(made, **changes)


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("inf")])
def test_a_temperature_that_is_none_is_refused(temperature: float) -> None:
    files = dump(predictor(classes=("no", "yes"), target_scales=(TargetScale(),), temperature=2.0))
    assert read(files[MANIFEST], files[WEIGHTS]).temperature == 2.0
    manifest = json.loads(files[MANIFEST]) | {"temperature": temperature}
    with pytest.raises(ArtifactInvalid, match="temperature"):
        read(json.dumps(manifest).encode(), files[WEIGHTS])


def rows() -> Columns:
    return Columns({"size": np.array([1.0, np.nan]), "colour": Categories.of(["blü", None])}, 2)


def test_what_was_written_answers_as_before() -> None:
    files = dump(predictor())
    again = read(files[MANIFEST], files[WEIGHTS])
    assert again.predict(rows()).tolist() == predictor().predict(rows()).tolist()
    assert again.feature_kinds == {"size": "numeric", "colour": "categorical"}
    assert dump(again) == files


def test_how_the_file_and_its_cells_were_written_stays_with_the_model() -> None:
    dialect = Dialect("windows-1252", ";", "'", "\\", False, "#", True, 3, "\r\n")
    style = TextStyle(("", "-"), ",", {"size": "."}, {"sold": "dmy"})
    files = dump(predictor(dialect=dialect, text_style=style))
    again = read(files[MANIFEST], files[WEIGHTS])
    assert (again.dialect, again.text_style) == (dialect, style)


def test_a_model_of_before_has_no_dialect() -> None:
    files = dump(predictor())
    manifest = json.loads(files[MANIFEST])
    del manifest["dialect"], manifest["text_style"]
    again = read(to_json(manifest), files[WEIGHTS])
    assert (again.dialect, again.text_style) == (None, PLAIN)


@pytest.mark.parametrize(
    ("kept", "cells", "encoded"),
    [
        ((" red", "blue"), ["red", "blue", "green", None], [0, 1, None, 0]),
        (("red", " red"), ["red"], [0]),
        ((" red", "red"), ["red"], [1]),  # as it was: a cell without blanks was the second
    ],
)
def test_categories_of_before_are_known_without_their_blanks(
    kept: tuple[str, ...], cells: list[str | None], encoded: list[int | None]
) -> None:
    transform = FittedTransform(
        (Feature("colour", "categorical", categories=kept, fill_category=kept[0]),),
        np.arange(2),
        np.zeros(2),
        np.ones(2),
    )
    network = Network((2, 1))
    files = dump(predictor(transform=transform, network=network, parameters=network.start(0)))
    again = read(files[MANIFEST], files[WEIGHTS])
    made = again.transform.apply(Columns({"colour": Categories.of(cells)}, len(cells)))
    expected = [[float(place == column) for column in range(2)] for place in encoded]
    assert made.tolist() == expected


@pytest.mark.parametrize("classes", [("a", "b"), (False, True), (1, 2.5), ("a", "b", "ç")])
def test_classes_keep_their_types(classes: tuple[Any, ...]) -> None:
    network = Network((4, len(classes) if len(classes) > 2 else 1))
    made = predictor(task="binary", classes=classes, network=network, parameters=network.start(0))
    files = dump(made)
    again = read(files[MANIFEST], files[WEIGHTS])
    assert [(type(label), label) for label in again.classes] == [(type(label), label) for label in classes]
    assert again.answers(again.predict(rows())) == made.answers(made.predict(rows()))


def test_the_same_model_is_the_same_bytes() -> None:
    assert dump(predictor()) == dump(predictor())
    assert dump(predictor())[WEIGHTS] != dump(predictor(parameters=NETWORK.start(5)))[WEIGHTS]


def test_the_manifest_is_canonical_json() -> None:
    manifest = dump(predictor())[MANIFEST]
    assert (
        manifest == json.dumps(json.loads(manifest), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    )
    assert json.loads(manifest)["inputs"] == ["size", "size is missing", "colour=red", "colour=blü"]


def test_the_weights_are_plain_tensors_by_layer() -> None:
    tensors = load(dump(predictor())[WEIGHTS])
    assert sorted(tensors) == ["layers.0.bias", "layers.0.weight", "layers.1.bias", "layers.1.weight"]
    assert tensors["layers.0.weight"].dtype == np.float32
    assert np.array_equal(tensors["layers.0.weight"].ravel(), NETWORK.start(4)[:12])


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_json_cannot_hold_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        dump(predictor(target_scales=(TargetScale(value, 1.0),)))
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json({"a": [value]})


def changed(**changes: Any) -> bytes:
    manifest = json.loads(dump(predictor())[MANIFEST])
    for path, value in changes.items():
        *steps, last = path.split("__")
        place = manifest
        for step in steps:
            place = place[step]
        if value is ...:
            del place[last]
        else:
            place[last] = value
    return json.dumps(manifest).encode()


@pytest.mark.parametrize(
    "manifest",
    [
        b"", b"{", b"[]", b"null", b"\xff", changed(format=2), changed(network=...), changed(transform__kept=...),
        changed(network__sizes=[4, 2, 1]), changed(network__bias=False), changed(target_scale={"mean": 1}),
        changed(transform__features=[{"nome": "x"}]), changed(network__sizes=[]), changed(classes=None),
        changed(network__activation="softplus"), changed(classes=["a", "b", "c"]), changed(inputs=...),
        changed(transform__kept=[0, 1, 2, 9]), changed(transform__kept=[0, 1, 3, 2]), changed(transform__centre=[0.0]),
    ],
)  # fmt: skip
def test_a_manifest_that_does_not_fit_the_weights_is_refused(manifest: bytes) -> None:
    with pytest.raises(ArtifactInvalid):
        read(manifest, dump(predictor())[WEIGHTS])


@pytest.mark.parametrize("weights", [b"", b"12345678", b"\xff" * 100, save({"other": np.zeros(3, dtype=np.float32)})])
def test_weights_that_do_not_fit_the_manifest_are_refused(weights: bytes) -> None:
    with pytest.raises(ArtifactInvalid):
        read(dump(predictor())[MANIFEST], weights)


def test_answers_name_each_class_and_the_likeliest() -> None:
    network = Network((4, 3))
    made = predictor(task="multiclass", classes=("a", "b", "c"), network=network, parameters=network.start(0))
    assert made.answers(np.array([[0.2, 0.5, 0.3]])) == [
        {"label": "b", "probabilities": {"a": 0.2, "b": 0.5, "c": 0.3}}
    ]
    flags = predictor(task="binary", classes=(False, True))
    assert flags.answers(np.array([[0.9, 0.1]])) == [{"label": False, "probabilities": {"false": 0.9, "true": 0.1}}]


def several() -> Predictor:
    network = Network((4, 3, 2), "tanh")
    scales = (TargetScale(5.5, 0.1), TargetScale(-1e6, 1e3))
    parameters = np.random.default_rng(0).normal(size=network.n_parameters).astype(np.float32)
    return predictor(target=("price", "rooms"), network=network, parameters=parameters, target_scales=scales)


def test_several_targets_come_back_as_they_were() -> None:
    model = several()
    files = dump(model)
    again = read(files[MANIFEST], files[WEIGHTS])
    assert (again.target, again.target_scales) == (model.target, model.target_scales)
    assert again.predict(rows()).tobytes() == model.predict(rows()).tobytes()
    assert dump(again) == files


def test_one_target_is_written_as_it_always_was() -> None:
    manifest = json.loads(dump(predictor())[MANIFEST])
    assert (manifest["target"], manifest["target_scale"]) == ("price", {"centre": 5.5, "scale": 0.1})


def test_an_output_alone_answers_as_it_does_among_others() -> None:
    model = several()
    together = model.predict(rows())
    assert together.shape == (2, 2)
    scores = forward(model.network, model.parameters, model.transform.apply(rows()))
    np.testing.assert_allclose(together, scores * [0.1, 1e3] + [5.5, -1e6])
    for index, alone in enumerate(model.each()):
        assert (alone.target, alone.network.sizes) == (model.targets[index], (4, 3, 1))
        np.testing.assert_allclose(alone.predict(rows()), together[:, index], rtol=1e-12)
    (only,) = predictor().each()
    assert only.target == "price"


@pytest.mark.parametrize(
    "change",
    [
        {"target": "price"}, {"target": ["a", "b", "c"]}, {"target_scale": {"centre": [1.0], "scale": [1.0]}},
        {"target_scale": {"centre": [1.0, 2.0], "scale": 1.0}},
    ],
)  # fmt: skip
def test_targets_and_scales_that_do_not_fit_are_refused(change: dict[str, Any]) -> None:
    files = dump(several())
    manifest = {**json.loads(files[MANIFEST]), **change}
    with pytest.raises(ArtifactInvalid):
        read(json.dumps(manifest).encode(), files[WEIGHTS])


def with_explanations() -> Predictor:
    made = several()
    residuals = np.outer(np.arange(1.0, 20), [0.1, 1 / 3])
    transform = replace(made.transform, mean=np.array([1 / 3, 0.0, 1e-300, 5.0]))
    return replace(made, transform=transform, calibration=calibrate(residuals, "validation"))


def test_what_intervals_and_contributions_need_is_kept() -> None:
    made = with_explanations()
    files = dump(made)
    again = read(files[MANIFEST], files[WEIGHTS])
    assert dump(again) == files
    assert again.transform.mean is not None
    assert again.transform.mean.tolist() == [1 / 3, 0.0, 1e-300, 5.0]
    assert again.calibration is not None
    assert again.calibration.half_widths(0.9).tolist() == (18 * np.array([0.1, 1 / 3])).tolist()
    assert [one.calibration.half_widths(0.9).tolist() for one in again.each()] == [[18 * 0.1], [18 * (1 / 3)]]
    assert dump(several())[WEIGHTS] == files[WEIGHTS]


@pytest.mark.parametrize(
    ("place", "change"),
    [
        ("transform", {"mean": [1.0, 2.0]}),
        ("calibration", {"residuals": [[1.0] * 19]}),
        ("calibration", {"rows": 20}),
        ("calibration", {"ranks": None}),
    ],
)
def test_explanations_that_do_not_fit_are_refused(place: str, change: dict[str, Any]) -> None:
    files = dump(with_explanations())
    manifest = json.loads(files[MANIFEST])
    manifest[place].update(change)
    with pytest.raises(ArtifactInvalid):
        read(json.dumps(manifest).encode(), files[WEIGHTS])
