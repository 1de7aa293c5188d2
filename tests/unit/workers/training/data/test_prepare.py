"""From a table to matrices: the parts, the classes, the scale of the target, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service.domain.cells.kinds import Kind
from service.domain.spec.training import Split
from service.errors import WorkFailed
from tests.unit.workers.training.running import MEMORY, spec_of, write_table
from workers.training.data.prepare import Prepared, prepare
from workers.training.data.room import Room
from workers.training.order import WINDOW_BYTES
from workers.training.split import TRAIN, VALIDATION, split_rows

X: dict[str, Kind] = {"x": "numeric"}


def prepared(
    tmp_path: Path, cells: dict[str, list[Any]], target: Kind, kinds: dict[str, Kind] | None = None, **changes: Any
) -> Prepared:  # fmt: skip
    kinds = kinds or X
    path = write_table(tmp_path / "table.parquet", cells, {**kinds, "y": target})
    task = "regression" if target == "numeric" else "binary"
    return prepare(path, spec_of(**{"task": task, **changes}), kinds, target, 100, MEMORY)


def test_parts_hold_the_rows_of_the_split_in_the_tables_order(tmp_path: Path) -> None:
    x = [float(number) for number in range(200)]
    made = prepared(tmp_path, {"x": x, "y": [2 * value for value in x]}, "numeric", split=Split(0.2, 0.1))
    split = split_rows(0, np.ones(200, dtype=bool), 0.2, 0.1)
    assert np.array_equal(made.split, split)
    for name, code in (("train", TRAIN), ("validation", VALIDATION)):
        rows = np.flatnonzero(split == code)
        assert made.parts[name].truth.tolist() == (2.0 * rows).tolist()
    assert {name: len(part) for name, part in made.parts.items()} == {"train": 140, "validation": 40, "test": 20}


def test_inputs_and_targets_are_scaled_by_the_training_rows_alone(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    x, y = generator.normal(5, 2, 300), generator.normal(-100, 30, 300)
    made = prepared(tmp_path, {"x": x.tolist(), "y": y.tolist()}, "numeric")
    training = made.split == TRAIN
    assert (made.target_scale.centre, made.target_scale.scale) == pytest.approx((y[training].mean(), y[training].std()))
    for name, code in (("train", TRAIN), ("validation", VALIDATION)):
        rows = made.split == code
        expected = (x[rows] - x[training].mean()) / x[training].std()
        np.testing.assert_allclose(made.parts[name].inputs[:, 0], expected, rtol=1e-5, atol=1e-6)
        expected = (y[rows] - y[training].mean()) / y[training].std()
        np.testing.assert_allclose(made.parts[name].data.targets[:, 0], expected, rtol=1e-5, atol=1e-6)
    assert made.train.inputs.dtype == made.train.data.targets.dtype == np.float32


def test_an_unscaled_target_stays_as_it_is(tmp_path: Path) -> None:
    y = [1.5, 2.5, 100.0, -3.0] * 5
    made = prepared(tmp_path, {"x": list(range(20)), "y": y}, "numeric", scale_target=False)
    assert made.train.data.targets[:, 0].tolist() == made.train.truth.tolist()


@pytest.mark.parametrize(
    ("kind", "cells", "classes"),
    [
        ("boolean", [True, False], (False, True)), ("categorical", ["b", "a"], ("a", "b")),
        ("categorical", ["10", "9", "é"], ("10", "9", "é")), ("numeric", [3.0, 1.0, 2.0], (1, 2, 3)),
        ("numeric", [0.5, -1.5], (-1.5, 0.5)),
    ],
)  # fmt: skip
def test_classes_are_the_targets_values_in_order(
    tmp_path: Path, kind: Kind, cells: list[Any], classes: tuple[Any, ...]
) -> None:
    y = [cells[number % len(cells)] for number in range(30)]
    made = prepared(tmp_path, {"x": list(range(30)), "y": y}, kind, task="multiclass")
    assert made.classes == classes
    assert [type(label) for label in made.classes] == [type(label) for label in classes]
    assert made.train.data.targets.dtype == np.int64
    rows = np.flatnonzero(made.split == TRAIN)
    assert [classes[code] for code in made.train.data.targets] == [y[row] for row in rows]


def test_rows_without_a_target_are_in_no_part(tmp_path: Path) -> None:
    y = [None if number % 4 == 0 else float(number) for number in range(40)]
    made = prepared(tmp_path, {"x": list(range(40)), "y": y}, "numeric")
    assert sum(len(part) for part in made.parts.values()) == 30
    assert not np.isnan(made.train.data.targets).any()


def test_rows_with_gaps_are_dropped_when_asked_to_and_the_others_keep_their_part(tmp_path: Path) -> None:
    x = [None if number % 5 == 0 else float(number) for number in range(100)]
    cells = {"x": x, "c": ["a", "b", None, "a"] * 25, "y": [float(number) for number in range(100)]}
    kinds: dict[str, Kind] = {"x": "numeric", "c": "categorical"}
    made = prepared(tmp_path, cells, "numeric", kinds, missing="drop", split=Split(0.2, 0))
    whole = split_rows(0, np.ones(100, dtype=bool), 0.2, 0)
    complete = np.array([number % 5 != 0 and number % 4 != 2 for number in range(100)])
    assert len(made.train) == int((complete & (whole == TRAIN)).sum())
    assert len(made.parts["validation"]) == int((complete & (whole == VALIDATION)).sum())


@pytest.mark.parametrize(
    ("cells", "target", "changes", "reason"),
    [
        ({"x": [1.0] + [None] * 19, "y": [1.0, 2.0] * 10}, "numeric", {"missing": "drop"}, "too_few_rows"),
        ({"x": [1.0] * 20, "y": [1.0, 2.0] * 10}, "numeric", {}, "features_constant"),
        ({"x": [None] + [1.0, 2.0] * 10, "y": [1.0] * 21}, "numeric", {"missing": "error", "split": Split(0)},
         "missing_values"),
        ({"x": [1.0] * 10 + [None] * 2, "y": ["a"] * 10 + ["b"] * 2}, "categorical", {"missing": "drop"},
         "class_absent"),
    ],
)  # fmt: skip
def test_what_cannot_be_trained_on_is_named(
    tmp_path: Path, cells: dict[str, list[Any]], target: Kind, changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(WorkFailed) as raised:
        prepared(tmp_path, cells, target, **changes)
    assert raised.value.code == reason


def narrow(tmp_path: Path, table_bytes: int, most_bytes: int = 2**30) -> Room:
    """Room for so many bytes of a prepared table, and for no copies."""
    return Room(table_bytes, 0, most_bytes, tmp_path)


def test_a_table_that_must_be_in_memory_and_is_too_large_for_it_is_refused(tmp_path: Path) -> None:
    path = write_table(tmp_path / "t", {"x": list(range(100)), "y": list(range(100))}, {"x": "numeric", "y": "numeric"})
    size = 100 * (4 + 4 + 8)  # an input and a target in float32, and what is true in float64
    spec = spec_of(engine="autograd")
    with pytest.raises(WorkFailed, match=r'ADALINE_TRAINING_MEMORY_BYTES.*"fused"') as raised:
        prepare(path, spec, X, "numeric", 100, narrow(tmp_path, 0, size - 1))
    assert raised.value.code == "too_large"
    assert prepare(path, spec, X, "numeric", 100, narrow(tmp_path, 0, size)).stored_bytes == 0
    assert prepare(path, spec_of(), X, "numeric", 100, narrow(tmp_path, size)).stored_bytes == 0
    assert prepare(path, spec_of(), X, "numeric", 100, narrow(tmp_path, size - 1)).stored_bytes == size


def other_rows(tmp_path: Path, cells: dict[str, list[Any]], target: Kind, others: dict[str, list[Any]],
               **changes: Any) -> Prepared:  # fmt: skip
    """Prepared, with the rows of another table to validate by."""
    kinds: dict[str, Kind] = {"x": "numeric", "c": "categorical"}
    path = write_table(tmp_path / "table", cells, {**kinds, "y": target})
    other = write_table(tmp_path / "other", others, {**kinds, "y": target})
    spec = spec_of(**{"split": Split(0.0, 0.1, "ds_2"), "missing": "mean", **changes})
    return prepare(path, spec, kinds, target, 100, MEMORY, other)


def test_another_datasets_rows_validate_by_what_the_training_rows_say(tmp_path: Path) -> None:
    x, y = [float(number) for number in range(40)], [float(number % 7) for number in range(40)]
    others = {"x": [None, 100.0, 7.0], "c": ["b", "never", None], "y": [3.0, None, 9.0]}
    made = other_rows(tmp_path, {"x": x, "c": ["a", "a", "b", "c"] * 10, "y": y}, "numeric", others)
    training = made.split == TRAIN
    assert (made.split == VALIDATION).sum() == 0
    assert {name: len(part) for name, part in made.parts.items()} == {"train": 36, "validation": 2, "test": 4}
    assert made.parts["validation"].truth.tolist() == [3.0, 9.0]  # the row without a target is left out
    mean, spread = np.array(x)[training].mean(), np.array(x)[training].std()
    inputs = made.parts["validation"].inputs * made.transform.scale + made.transform.centre
    assert made.transform.encoded_names == ["x", "c=a", "c=b", "c=c"]
    np.testing.assert_allclose(inputs[0], [mean, 0, 1, 0], atol=1e-5 * spread)  # filled by the training rows' mean
    np.testing.assert_allclose(inputs[1], [7, 1, 0, 0], atol=1e-5 * spread)  # by their most frequent category
    expected = (np.array([3.0, 9.0]) - np.array(y)[training].mean()) / np.array(y)[training].std()
    np.testing.assert_allclose(made.parts["validation"].data.targets[:, 0], expected, rtol=1e-5)


def test_rows_of_another_dataset_with_gaps_are_dropped_when_asked_to(tmp_path: Path) -> None:
    cells = {"x": [1.0, 2.0, 3.0, 4.0] * 10, "c": ["a", "b"] * 20, "y": [1.0, 5.0, 9.0, 0.0] * 10}
    others = {"x": [None, 1.0, 2.0], "c": ["a", None, "b"], "y": [1.0, 2.0, 3.0]}
    made = other_rows(tmp_path, cells, "numeric", others, missing="drop")
    assert made.parts["validation"].truth.tolist() == [3.0]
    with pytest.raises(WorkFailed, match="validation dataset") as raised:
        other_rows(tmp_path, cells, "numeric", {name: cells[:2] for name, cells in others.items()}, missing="drop")
    assert raised.value.code == "too_few_rows"


@pytest.mark.parametrize(
    ("target", "classes", "seen", "codes"),
    [
        ("categorical", ["b", "a"], ["b", None, "a", "b"], [1, 0, 1]),
        ("boolean", [True, False], [False, True, None, True], [0, 1, 1]),
        ("numeric", [3.0, 1.0, 0.5], [3.0, 0.5, 1.0, None], [2, 0, 1]),
    ],
)
def test_classes_of_another_dataset_are_those_that_were_trained_on(
    tmp_path: Path, target: Kind, classes: list[Any], seen: list[Any], codes: list[int]
) -> None:
    y = [classes[number % len(classes)] for number in range(42)]
    cells = {"x": list(range(42)), "c": ["a", "b"] * 21, "y": y}
    others = {"x": [1.0] * 4, "c": ["a"] * 4, "y": seen}
    made = other_rows(tmp_path, cells, target, others, task="multiclass")
    assert made.parts["validation"].data.targets.tolist() == codes


def test_a_class_that_only_the_other_dataset_has_is_named(tmp_path: Path) -> None:
    cells = {"x": list(range(40)), "c": ["a", "b"] * 20, "y": ["yes", "no"] * 20}
    others = {"x": [1.0] * 3, "c": ["a"] * 3, "y": ["yes", "maybe", "perhaps"]}
    with pytest.raises(WorkFailed, match="'maybe', 'perhaps' in 'y'") as raised:
        other_rows(tmp_path, cells, "categorical", others, task="binary")
    assert raised.value.code == "class_unknown"


def test_weights_of_another_datasets_rows_are_its_own_and_those_of_their_class(tmp_path: Path) -> None:
    cells = {"x": [1.0, 2.0, 3.0, 4.0] * 10, "c": ["a", "b"] * 20, "y": ["yes", "no", "no", "no"] * 10}
    others = {"x": [2.0, 6.0], "c": ["a", "a"], "y": ["yes", "no"]}
    made = other_rows(
        tmp_path, cells, "categorical", others, task="binary", class_weights={"yes": 3.0}, weight_column="x"
    )
    assert made.parts["validation"].data.weights is not None
    # 2·3 and 6·1, of mean 1
    assert made.parts["validation"].data.weights.tolist() == [1.0, 1.0]


def test_several_targets_are_each_scaled_and_rows_without_one_of_them_left_out(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    cells: dict[str, list[Any]] = {name: generator.normal(5, width, 60).tolist() for name, width in
                                   (("x", 1), ("y", 3), ("z", 1000))}  # fmt: skip
    cells["y"][4], cells["z"][7], cells["z"][4] = None, None, None
    path = write_table(tmp_path / "t", cells, dict.fromkeys(cells, "numeric"))
    spec = spec_of(target=("z", "y"), split=Split(0.2, 0))
    made = prepare(path, spec, X, "numeric", 100, MEMORY)
    assert sum(len(part) for part in made.parts.values()) == 58
    for index, name in enumerate(("z", "y")):
        column = np.array([np.nan if cell is None else cell for cell in cells[name]])
        training = column[made.split == TRAIN]
        expected = (training - training.mean()) / training.std()
        np.testing.assert_allclose(made.train.data.targets[:, index], expected, rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(made.parts["validation"].truth[:, index], column[made.split == VALIDATION])
        alone = made.each()[index]
        np.testing.assert_array_equal(alone.train.data.targets, made.train.data.targets[:, index : index + 1])
        assert alone.target_scale == made.target_scales[index]
        assert (alone.target_scale.centre, alone.target_scale.scale) == pytest.approx((training.mean(), training.std()))


@pytest.mark.parametrize("joins", [False, True])
def test_bins_are_of_the_rows_that_train_and_the_same_from_disk(tmp_path: Path, joins: bool) -> None:
    x = np.random.default_rng(2).lognormal(size=400)
    path = write_table(tmp_path / "t", {"x": x, "y": 2 * x}, {"x": "numeric", "y": "numeric"})
    spec = spec_of(task="regression", split=Split(0.3, 0.1), numeric_bins=5)
    made = prepare(path, spec, X, "numeric", 100, MEMORY, joins=joins)
    stored = prepare(path, spec, X, "numeric", 100, Room(0, 0, 2**30, tmp_path), joins=joins)
    split = split_rows(0, np.ones(400, dtype=bool), 0.3, 0.1)
    training = np.sort(x[(split == TRAIN) | ((split == VALIDATION) & joins)])
    assert len(made.train) == len(training)
    (feature,) = made.transform.features
    inner = [training[int(np.ceil(len(training) * number / 5)) - 1] for number in range(1, 5)]
    assert feature.edges == (training[0], *inner, training[-1])
    assert stored.stored_bytes
    assert stored.memory_bytes == 0
    assert made.memory_bytes == 4 * (360 if joins else 400) * 6  # a refit has no use for test rows
    for name, part in made.parts.items():
        np.testing.assert_array_equal(stored.parts[name].inputs[:], part.inputs)


def test_a_second_table_has_the_memory_that_the_first_has_left() -> None:
    room = Room.of(2**31)
    assert room.beside(0) == room
    left = room.beside(2**28)
    assert (room.table_bytes - left.table_bytes, room.most_bytes - left.most_bytes) == (2**28, 2**28)
    assert room.beside(2**40).table_bytes == WINDOW_BYTES  # what one window holds is always in memory
