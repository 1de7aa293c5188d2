"""Whatever the table: what is fitted on it answers the same by its graph, by predict.py, and by the service."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.cells.columns import Columns, from_json
from service.domain.cells.kinds import Kind
from service.domain.model.artifact import MANIFEST, WEIGHTS, dump, read
from service.domain.model.network import ACTIVATIONS, Network
from service.domain.model.predictor import Predictor, TargetScale
from service.domain.vocabulary.scalers import SCALERS
from service.errors import WorkFailed
from tests.unit.workers.export.made import by_onnx, write_files
from workers.export.files import taken_along
from workers.export.standalone.predict import predict
from workers.training.data.fit import fit

ROWS = 40
steady = settings(max_examples=150, deadline=None, derandomize=True)
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=8)
FINITE = {"allow_nan": False, "allow_infinity": False}
NUMBERS = st.one_of(
    st.floats(-1e6, 1e6, **FINITE), st.integers(-3, 3).map(float), st.floats(-1e30, 1e30, **FINITE), st.just(7.0)
)
TIMES = st.datetimes().filter(lambda it: it.year >= 1000).map(lambda it: it.isoformat() + "Z")
WORDS = st.one_of(st.sampled_from(["red", "blue", "x", "Ω"]), st.text(max_size=3)).map(str.strip)
CELLS: dict[str, Any] = {
    "numeric": NUMBERS, "boolean": st.booleans(), "datetime": TIMES,
    "categorical": WORDS.filter(lambda it: "\0" not in it),
}  # fmt: skip


@st.composite
def tables(draw: st.DrawFn) -> tuple[dict[str, Kind], dict[str, list[Any]], dict[str, list[Any]], str]:
    """Kinds by name, cells to fit on, cells to ask about, and what is done with gaps."""
    names = draw(st.lists(NAMES, min_size=1, max_size=5, unique=True))
    kinds: dict[str, Kind] = {name: draw(st.sampled_from(sorted(CELLS))) for name in names}  # type: ignore[type-var]
    policy = draw(st.sampled_from(["mean", "median", "most_frequent", "error"]))
    gap = st.none() if policy != "error" else st.nothing()

    def columns() -> dict[str, list[Any]]:
        seed = draw(st.randoms(use_true_random=False))
        made = {}
        for name, kind in kinds.items():
            some = draw(st.lists(st.one_of(CELLS[kind], CELLS[kind], gap), min_size=1, max_size=6))
            if policy == "error":  # a word for what is missing would be a gap
                some = [cell for cell in some if cell not in MISSING] or ["red" if kind == "categorical" else some[0]]
            made[name] = [seed.choice(some) for _ in range(ROWS)]
        return made

    return kinds, columns(), columns(), policy


MISSING = ("", "NA", "nan", "NaN", "n/a", "N/A", "NULL", "null", "None")


def read_columns(kinds: dict[str, Kind], cells: dict[str, list[Any]]) -> Columns:
    return Columns({name: from_json(name, kind, cells[name]) for name, kind in kinds.items()}, ROWS)


@steady
@given(
    tables(),
    st.sampled_from(sorted(ACTIVATIONS)),
    st.sampled_from(sorted(SCALERS)),
    st.sampled_from([(), (4,), (3, 2)]),
    st.sampled_from([1, 2, 3, 9]),
    st.integers(0, 2**32 - 1),
)
def test_all_three_answer_alike(
    table: Any, activation: str, scaler: str, hidden: tuple[int, ...], classes: int, seed: int
) -> None:
    kinds, training, cells, policy = table
    try:
        transform = fit(lambda: iter([read_columns(kinds, training)]), kinds, policy, scaler, 4)
    except WorkFailed:
        return  # nothing varies
    network = Network((transform.n_outputs, *hidden, classes if classes > 2 else 1), activation, bias=seed % 3 > 0)
    parameters = np.random.default_rng(seed).normal(size=network.n_parameters).astype(np.float32)
    labels = tuple(f"class {number}" for number in range(classes)) if classes > 1 else ()
    task = "regression" if classes == 1 else "binary" if classes == 2 else "multiclass"
    scales = (TargetScale(),) if labels else (TargetScale(3.0, 0.5),)
    made = Predictor(task, "y", transform, network, parameters, scales, labels)
    kept = dump(made)
    predictor = read(kept[MANIFEST], kept[WEIGHTS])
    with np.errstate(all="ignore"):  # numbers of 1e30 beside narrow scales go beyond float32, and do so in all three
        expected = predictor.predict(read_columns(kinds, cells)).reshape(ROWS, -1)
        along = taken_along(predictor)
        assert along.warnings == ()
        found = by_onnx(along.files["model.onnx"], cells, kinds)
        with tempfile.TemporaryDirectory() as directory:
            write_files(Path(directory), predictor)
            told = predict(
                [dict(zip(cells, row, strict=True)) for row in zip(*cells.values(), strict=True)], Path(directory)
            )
    by_graph = np.array(found[next(name for name in reversed(found))])
    by_text = np.array([list(one["probabilities"].values()) if labels else [one] for one in told])
    usual = float(np.nan_to_num(np.median(np.abs(expected))))
    for answers in (by_graph, by_text):
        np.testing.assert_allclose(answers, expected, rtol=1e-6, atol=1e-6 * usual)
