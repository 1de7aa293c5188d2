"""From what was asked to what is run: each `auto` by its rule, each impossibility by its place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from service.domain.cells.table import Column, Table
from service.domain.resolving.limits import Limits, n_inputs
from service.domain.resolving.resolve import Resolution, resolve
from service.domain.resolving.settling import alternatives
from service.domain.spec.schema import read_spec
from service.domain.spec.training import EarlyStopping, OptimizerSpec, TrainingSpec, split_counts
from service.errors import SpecInvalid

LIMITS = Limits(max_parameters=10_000, max_classes=50, max_categories=20)
COLUMNS = (
    Column("size", "numeric", 0, 90, 1.0, 9.5),
    Column("colour", "categorical", 3, 4, rarest={"value": "red", "count": 5}),
    Column("when", "datetime", 0, 50),
    Column("note", "text", 0, 100),
    Column("same", "numeric", 0, 1, 5.0, 5.0, whole=True),
    Column("empty", "numeric", 100, 0),
    Column("often", "boolean", 40, 1),  # constant but for its gaps: that a cell is missing may tell something
    Column("price", "numeric", 0, 100, 0.5, 70.0),
    Column("sold", "boolean", 0, 2, rarest={"value": True, "count": 30}),
    Column("stars", "numeric", 0, 5, 1.0, 5.0, whole=True, rarest={"value": 5.0, "count": 8}),
)
TABLE = Table(100, COLUMNS)


def run(table: Table = TABLE, limits: Limits = LIMITS, **body: Any) -> Resolution:
    spec = read_spec({"dataset": "ds_1", "model": "m", "target": "price", **body})
    return resolve(spec, table, limits)


def with_column(column: Column) -> Table:
    return Table(100, (*(known for known in COLUMNS if known.name != column.name), column))


def refused(pointer: str, says: str, table: Table = TABLE, limits: Limits = LIMITS, **body: Any) -> None:
    with pytest.raises(SpecInvalid, match=says) as raised:
        run(table, limits, **body)
    assert pointer in [error.pointer for error in raised.value.errors]


def test_no_auto_is_left_but_what_only_the_training_rows_can_tell() -> None:
    for kind in ("linear", "mlp"):
        for target in ("price", "sold", "stars", "colour"):
            spec = run(target=target, network={"kind": kind}).spec
            left = {name for name, value in spec.to_json().items() if value == "auto"}
            # full batches go as long as the curvature of the training rows asks for
            assert left == ({"device", "epochs"} if spec.batch_size == "full" else {"device"})
            assert spec.optimizer.kind != "auto"
            assert read_spec(spec.to_json()) == spec


def test_a_resolved_spec_resolves_to_itself() -> None:
    spec = run(network={"kind": "mlp"}).spec
    assert resolve(spec, TABLE, LIMITS).spec == spec


@pytest.mark.parametrize(
    ("target", "task", "loss"),
    [
        ("price", "regression", "mse"), ("sold", "binary", "cross_entropy"), ("colour", "multiclass", "cross_entropy"),
        ("stars", "multiclass", "cross_entropy"),
    ],
)  # fmt: skip
def test_the_task_follows_the_target(target: str, task: str, loss: str) -> None:
    spec = run(target=target).spec
    assert (spec.task, spec.loss, spec.scale_target) == (task, loss, task == "regression")


@pytest.mark.parametrize(
    ("column", "task"),
    [
        (Column("t", "numeric", 0, 3, 0.0, 2.0, whole=True), "multiclass"),
        (Column("t", "numeric", 0, 3, 2.0, 4.0, whole=True), "regression"),  # codes start at 0 or 1
        (Column("t", "numeric", 0, 3, 0.0, 9.0, whole=True), "regression"),  # with holes
        (Column("t", "numeric", 0, 3, 0.0, 2.0, whole=False), "regression"),
        (Column("t", "numeric", 0, 30, 0.0, 29.0, whole=True), "regression"),  # too many
        (Column("t", "numeric", 0, 2, -7.0, 0.5), "regression"),  # with decimals
        (Column("t", "numeric", 0, 2, -7.0, 5.0, whole=True), "binary"),
        (Column("t", "numeric", 0, 2, 3.0, 4.0, whole=True, rarest={"value": 3.0, "count": 2}), "binary"),
        (Column("t", "numeric", 0, 2, 3.0, 4.0, whole=True, rarest={"value": 3.0, "count": 1}), "regression"),
        (Column("t", "numeric", 0, 3, 0.0, 2.0, whole=True, rarest={"value": 1.0, "count": 5}), "multiclass"),
        (Column("t", "numeric", 0, 3, 0.0, 2.0, whole=True, rarest={"value": 1.0, "count": 4}), "regression"),
        (Column("t", "categorical", 0, 2), "binary"),
    ],
)
def test_whole_numbers_from_0_or_1_are_classes(column: Column, task: str) -> None:
    assert run(with_column(column), target="t").spec.task == task


def test_an_asked_task_goes_first_where_it_fits() -> None:
    assert run(target="stars", task="regression").spec.task == "regression"
    assert run(target="sold", task="multiclass").spec.task == "binary"
    refused("/task", "numeric", target="colour", task="regression")
    refused("/task", "2 classes", target="stars", task="binary")


def test_features_are_all_that_can_tell_something_in_the_tables_order() -> None:
    resolution = run()
    assert resolution.spec.features == ("size", "colour", "when", "often", "sold", "stars")
    notes = " ".join(resolution.notes)
    assert "'note'" in notes
    assert "'same', 'empty'" in notes


def test_features_are_those_asked_for_without_the_excluded() -> None:
    assert run(features=["stars", "size"]).spec.features == ("size", "stars")
    assert run(features=["stars", "size"], exclude=["stars"]).spec.features == ("size",)
    assert "size" not in (run(exclude=["size"]).spec.features or ())


def test_where_nothing_can_be_learnt_from_each_column_is_named_with_its_reason() -> None:
    words = [column for column in COLUMNS if column.name in ("note", "same", "empty", "price")]
    with pytest.raises(SpecInvalid) as caught:
        run(Table(100, tuple(words)), target="price")
    for told in ("'note' holds free text", "'same' is constant", "'empty' has no values", "'price' is the target"):
        assert told in caught.value.detail
    with pytest.raises(SpecInvalid) as caught:
        run(features=["same", "size"], exclude=["size"])
    for told in ("'same' is constant", "'size' is excluded", "'colour' is not in the list"):
        assert told in caught.value.detail
    several = Column("remark", "text", 0, 90)
    with pytest.raises(SpecInvalid, match=r"nothing can be learnt from these features: 'note' holds.*; 'remark' holds"):
        run(Table(100, (*COLUMNS, several)), features=["note", "remark"])


@pytest.mark.parametrize(
    ("pointer", "says", "body"),
    [
        ("/target", "did you mean 'price'", {"target": "prise"}),
        ("/target", "the columns are 'size'", {"target": "zzz"}),
        ("/target", "text", {"target": "note"}),
        ("/target", "datetime", {"target": "when"}),
        ("/target", "constant", {"target": "same"}),
        ("/target", "no values", {"target": "empty"}),
        ("/features/1", "did you mean 'colour'", {"features": ["size", "color"]}),
        ("/exclude/0", "did you mean 'size'", {"exclude": ["sise"]}),
        ("/features/0", "is a target", {"features": ["price", "size"]}),
        ("/features/1", "free text", {"features": ["size", "note"]}),
        ("/features/2", "twice", {"features": ["size", "stars", "size"]}),
        ("/features", "no feature is left", {"features": ["same", "empty"]}),
        ("/features", "no feature is left", {"features": ["size"], "exclude": ["size"]}),
        ("/split", "left to train", {"split": {"validation": 0.5, "test": 0.49}}),
        ("/loss", "mse, mae, huber or quantile", {"loss": "cross_entropy"}),
        ("/loss", "cross_entropy", {"target": "sold", "loss": "mse"}),
        ("/network/hidden", "weights", {"network": {"kind": "mlp", "hidden": [1000]}}),
        ("/quantile", "applies only to", {"quantile": 0.9}),
        ("/class_weights", "no classes", {"class_weights": "balanced"}),
        ("/label_smoothing", "regression has no classes to smooth; leave", {"label_smoothing": 0.1}),
        ("/clip_predictions", "leave clip_predictions false", {"target": "sold", "clip_predictions": True}),
        ("/weight_column", "did you mean 'size'", {"weight_column": "sise"}),
        ("/weight_column", "is a target", {"weight_column": "price"}),
        ("/weight_column", "is categorical", {"weight_column": "colour"}),
        ("/weight_column", "missing in 100 rows", {"weight_column": "empty"}),
        ("/batch_size", "all rows", {"optimizer": {"kind": "lbfgs"}, "batch_size": 32}),
        ("/optimizer/l1", "kink", {"optimizer": {"kind": "lbfgs", "l1": 0.1}}),
        ("/loss", "use huber", {"optimizer": {"kind": "lbfgs"}, "loss": "mae"}),
        ("/loss", "use huber", {"optimizer": {"kind": "lbfgs"}, "loss": "quantile", "quantile": 0.9}),
        ("/network/dropout", "dropout", {"optimizer": {"kind": "lbfgs"}, "network": {"kind": "mlp", "dropout": 0.1}}),
        ("/optimizer/clip_norm", "its own step length", {"optimizer": {"kind": "lbfgs", "clip_norm": 1.0}}),
        ("/schedule", "constant", {"optimizer": {"kind": "lbfgs"}, "schedule": "cosine"}),
        ("/warmup_epochs", "its own step length", {"optimizer": {"kind": "lbfgs"}, "warmup_epochs": 3}),
        ("/members", "which all members would reach", {"members": 2}),
        (
            "/members",
            '"members": 1, or adam',
            {"optimizer": {"kind": "lbfgs"}, "network": {"kind": "mlp"}, "members": 2},
        ),
        ("/members", "smaller layers", {"network": {"kind": "mlp", "hidden": [16]}, "members": 64}),
        ("/network/hidden", "smaller or fewer", {"network": {"kind": "mlp", "hidden": [1000]}, "members": 2}),
        ("/features/0", "weights the rows", {"features": ["size", "stars"], "weight_column": "size"}),
    ],
)
def test_what_cannot_be_run_is_pointed_at(pointer: str, says: str, body: dict[str, Any]) -> None:
    refused(pointer, says, **body)


def test_lbfgs_takes_all_rows_at_a_constant_rate() -> None:
    for network in ("linear", "mlp"):
        spec = run(optimizer={"kind": "lbfgs"}, network={"kind": network}).spec
        assert (spec.batch_size, spec.schedule, spec.optimizer.kind) == ("full", "constant", "lbfgs")


def test_everything_that_lbfgs_cannot_do_is_told_at_once() -> None:
    body = {"optimizer": {"kind": "lbfgs", "l1": 0.1, "clip_norm": 1.0}, "batch_size": 8}
    with pytest.raises(SpecInvalid) as raised:
        run(**body)
    assert {error.pointer for error in raised.value.errors} == {"/batch_size", "/optimizer/l1", "/optimizer/clip_norm"}


def test_weights_must_be_numbers_from_zero() -> None:
    refused("/weight_column", "down to -1", with_column(Column("w", "numeric", 0, 9, -1.0, 5.0)), weight_column="w")
    refused("/weight_column", "0 in every row", with_column(Column("w", "numeric", 0, 1, 0.0, 0.0)), weight_column="w")


def test_the_weight_column_is_no_feature() -> None:
    assert "size" not in (run(weight_column="size").spec.features or ())


def test_auto_epochs_follow_the_rows_or_are_left_to_the_curvature() -> None:
    assert run(epochs="auto").spec.epochs == "auto"  # full batches
    assert run(epochs="auto", network={"kind": "mlp"}).spec.epochs == 128
    assert run(epochs="auto", network={"kind": "mlp", "hidden": [8]}).spec.epochs == 500
    large = Table(1_000_000, COLUMNS)
    # a million rows are 489 batches of 2,048: 20,000 steps are 40 epochs
    assert run(large, epochs="auto", network={"kind": "mlp", "hidden": [8]}).spec.epochs == 40


def test_the_sizes_of_a_network_are_counted_as_it_will_be() -> None:
    # size 1 + colour (4 kept + other) 5 + when 7 inputs, 7 hidden, 1 output: 14·7 + 8 = 106
    features = ["size", "colour", "when"]
    body = {"features": features, "network": {"kind": "mlp", "hidden": [7]}}
    assert run(limits=replace(LIMITS, max_parameters=106), **body).spec.network.hidden == (7,)
    refused("/network/hidden", "106", limits=replace(LIMITS, max_parameters=105), **body)
    refused("/features", "14", limits=replace(LIMITS, max_parameters=13), features=features)


def test_a_class_must_be_in_two_rows_at_least() -> None:
    rare = Column("t", "categorical", 0, 3, rarest={"value": "odd", "count": 1})
    refused("/target", "'odd'.*one row", with_column(rare), target="t")


def test_too_many_classes_are_refused() -> None:
    refused("/target", "60 classes", with_column(Column("t", "categorical", 0, 60)), target="t")


@pytest.mark.parametrize(("rows", "nulls"), [(2, 0), (10, 8)])
def test_too_few_rows_are_refused(rows: int, nulls: int) -> None:
    table = Table(rows, (Column("x", "numeric", 0, 2), Column("price", "numeric", nulls, 2)))
    refused("/dataset", "at least 3", table, task="regression")


def test_rows_without_a_target_are_left_out_and_that_is_said() -> None:
    table = with_column(Column("price", "numeric", 12, 88))
    assert any("12 rows" in note for note in run(table).notes)


@pytest.mark.parametrize(
    ("rows", "validation", "test", "counts"),
    [(100, 0.2, 0, (80, 20, 0)), (10, 0.25, 0.25, (6, 2, 2)), (3, 0.01, 0.01, (1, 1, 1)), (7, 0, 0, (7, 0, 0))],
)
def test_a_share_above_zero_gets_a_row(rows: int, validation: float, test: float, counts: tuple[int, int, int]) -> None:
    assert split_counts(rows, validation, test) == counts


def test_a_linear_neuron_with_squared_error_descends_in_full_batches_to_its_one_minimum() -> None:
    spec = run().spec
    assert (spec.optimizer.kind, spec.batch_size, spec.schedule, spec.early_stopping) == (
        "sgd",
        "full",
        "constant",
        None,
    )
    assert spec.network.hidden is None


def test_a_network_takes_adam_in_batches_and_stops_early() -> None:
    spec = run(network={"kind": "mlp", "hidden": [16]}).spec
    assert (spec.optimizer.kind, spec.batch_size, spec.schedule) == ("adam", 32, "plateau")
    assert (spec.members, spec.scaler, spec.clip_predictions, spec.optimizer.beta2) == (1, "standard", False, 0.999)
    assert spec.optimizer.learning_rate == "auto"
    assert spec.early_stopping == EarlyStopping(20)


def test_a_network_whose_layers_are_left_open_is_made_for_tables() -> None:
    resolution = run(limits=replace(LIMITS, max_parameters=10**6), network={"kind": "mlp"})
    spec = resolution.spec
    assert (spec.network.hidden, spec.network.activation, spec.members) == ((64, 64), "mish", 4)
    assert (spec.scaler, spec.numeric_bins, spec.scaling_layer) == ("standard", 8, True)
    assert not spec.clip_predictions
    assert spec.optimizer == OptimizerSpec("adam", 0.003, beta2=0.95)
    assert (spec.batch_size, spec.schedule, spec.early_stopping) == (128, "cosine", EarlyStopping(128))
    for told in (
        "4 members",
        "8 bins",
        "a scaling layer",
        "hidden layers [64, 64]",
        "learning rate 0.003",
        "no epoch ends",
    ):
        assert any(told in note for note in resolution.notes), told


@pytest.mark.parametrize(("rows", "members"), [(40_000, 4), (40_001, 2), (80_000, 2), (80_001, 1)])
def test_many_rows_get_fewer_members_and_wider_layers(rows: int, members: int) -> None:
    spec = run(Table(rows, COLUMNS), limits=replace(LIMITS, max_parameters=10**6), network={"kind": "mlp"}).spec
    assert (spec.members, spec.network.hidden) == (members, (128, 128))


def test_members_that_are_too_many_for_the_installation_are_left_out() -> None:
    assert run(limits=replace(LIMITS, max_parameters=13_000), network={"kind": "mlp"}).spec.members == 2
    refused(
        "/network/hidden",
        "smaller or fewer layers",
        limits=replace(LIMITS, max_parameters=5000),
        network={"kind": "mlp"},
    )


@pytest.mark.parametrize(
    "asked",
    [
        {"members": 3}, {"scaler": "none"}, {"numeric_bins": 0}, {"scaling_layer": False}, {"clip_predictions": True},
        {"schedule": "constant"}, {"batch_size": 7},
        {"epochs": 9}, {"early_stopping": {"patience": 4, "min_delta": 0.0}}, {"optimizer": {"kind": "sgd"}},
        {"optimizer": {"learning_rate": 0.5}}, {"optimizer": {"kind": "adam", "beta2": 0.9}},
        {"network": {"activation": "tanh"}},
    ],
)  # fmt: skip
def test_what_is_asked_for_stays_where_layers_are_left_open(asked: dict[str, Any]) -> None:
    body = {**asked, "network": {"kind": "mlp", **asked.get("network", {})}}
    spec = run(limits=replace(LIMITS, max_parameters=10**6), **body).spec.to_json()
    for name, value in body.items():
        if isinstance(value, dict):
            assert {key: spec[name][key] for key in value} == value
        else:
            assert spec[name] == value
    if asked.get("optimizer", {}).get("kind") == "sgd":
        assert spec["optimizer"]["beta2"] == 0.999


@pytest.mark.parametrize(
    "changes",
    [{"epochs": 30}, {"split": {"validation": 0}}, {"early_stopping": {"patience": 3}}, {"early_stopping": None}],
)
def test_where_nothing_waits_for_a_plateau_the_rate_of_a_network_falls_by_itself(changes: dict[str, Any]) -> None:
    assert run(network={"kind": "mlp", "hidden": [8]}, **changes).spec.schedule == "cosine"


@pytest.mark.parametrize("changes", [{"task": "binary"}, {"loss": "huber"}])
def test_a_linear_neuron_with_another_smooth_loss_takes_lbfgs_and_says_why(changes: dict[str, Any]) -> None:
    changed = {"target": "sold", **changes} if "task" in changes else changes
    resolution = run(Table(2000, COLUMNS), **changed)
    spec = resolution.spec
    assert (spec.optimizer.kind, spec.batch_size, spec.schedule, spec.engine) == (
        "lbfgs",
        "full",
        "constant",
        "autograd",
    )
    assert spec.early_stopping == EarlyStopping()
    assert any("'lbfgs'" in note and "one minimum" in note for note in resolution.notes)


@pytest.mark.parametrize(
    "changes",
    [
        {"optimizer": {"learning_rate": 0.1}},
        {"optimizer": {"l1": 0.1}},
        {"optimizer": {"clip_norm": 1.0}},
        {"batch_size": 16},
        {"schedule": "step"},
        {"warmup_epochs": 2},
        {"engine": "fused"},
        {"precision": "bf16"},
        {"loss": "mae"},
    ],
)
def test_what_lbfgs_does_not_know_is_left_to_sgd(changes: dict[str, Any]) -> None:
    spec = run(**{"loss": "huber", **changes}).spec
    assert spec.optimizer.kind == "sgd"


def test_classes_of_few_rows_which_may_be_apart_by_chance_are_left_to_sgd() -> None:
    assert run(target="sold").spec.optimizer.kind == "sgd"


def test_rows_by_the_million_are_left_to_sgd() -> None:
    assert run(Table(10_000_000, COLUMNS), loss="huber").spec.optimizer.kind == "sgd"


def test_large_tables_take_larger_batches() -> None:
    network = {"kind": "mlp", "hidden": [8]}
    sizes = [run(Table(rows, COLUMNS), network=network).spec.batch_size for rows in (9_600, 100_000, 10_000_000)]
    assert sizes == [32, 256, 4096]


def test_without_validation_rows_nothing_stops_early() -> None:
    body = {"split": {"validation": 0}, "early_stopping": {"patience": 3}}
    resolution = run(**body)
    assert resolution.spec.early_stopping is None
    assert any("no validation rows" in note for note in resolution.notes)


def test_what_was_asked_for_stays() -> None:
    asked = {
        "optimizer": {"kind": "adamw", "learning_rate": 0.5}, "batch_size": 1, "schedule": "step",
        "early_stopping": {"patience": 1, "min_delta": 2.0}, "scale_target": False, "loss": "mae",
    }  # fmt: skip
    spec = run(**asked).spec
    assert (spec.optimizer.kind, spec.optimizer.learning_rate, spec.batch_size) == ("adamw", 0.5, 1)
    assert (spec.schedule, spec.early_stopping) == ("step", EarlyStopping(1, 2.0))
    assert (spec.scale_target, spec.loss) == (False, "mae")


def test_several_numbers_are_predicted_at_once() -> None:
    resolution = run(target=["price", "stars"])
    spec = resolution.spec
    assert (spec.target, spec.task, spec.loss, spec.scale_target) == (("price", "stars"), "regression", "mse", True)
    assert not {"price", "stars"} & set(spec.features or ())
    assert resolve(spec, TABLE, LIMITS).spec == spec


@pytest.mark.parametrize(
    ("pointer", "says", "body"),
    [
        ("/target/1", "did you mean 'stars'", {"target": ["price", "starz"]}),
        ("/target/0", "only numeric", {"target": ["sold", "price"]}),
        ("/target/1", "constant", {"target": ["price", "same"]}),
        ("/task", "single target", {"target": ["price", "stars"], "task": "multiclass"}),
        ("/features/0", "is a target", {"target": ["price", "stars"], "features": ["stars", "size"]}),
        ("/weight_column", "is a target", {"target": ["price", "stars"], "weight_column": "stars"}),
        ("/loss", "mse, mae", {"target": ["price", "stars"], "loss": "cross_entropy"}),
    ],
)
def test_several_targets_that_cannot_be_learnt_are_pointed_at(pointer: str, says: str, body: dict[str, Any]) -> None:
    refused(pointer, says, **body)


def test_each_target_is_an_output_of_the_network() -> None:
    # size 1 input, 7 hidden, 2 outputs: 2·7 + 8·2 = 30
    body = {"target": ["price", "stars"], "features": ["size"], "network": {"kind": "mlp", "hidden": [7]}}
    assert run(limits=replace(LIMITS, max_parameters=30), **body)
    refused("/network/hidden", "30", limits=replace(LIMITS, max_parameters=29), **body)


@pytest.mark.parametrize(
    "body",
    [
        {"network": {"kind": "mlp", "dropout": 0.1}},
        {"device": "gpu"},
        {"precision": "bf16"},
    ],
)
def test_the_fused_engine_says_what_it_cannot_train(body: dict[str, Any]) -> None:
    refused("/engine", "fused engine", engine="fused", **body)


def test_tf32_needs_a_gpu() -> None:
    refused("/precision", "gpu", precision="tf32")
    assert run(precision="tf32", device="gpu").spec.engine == "autograd"


def test_lbfgs_keeps_its_own_precision() -> None:
    refused("/precision", "float64", precision="bf16", optimizer={"kind": "lbfgs"})


def test_bins_are_a_networks_and_each_has_an_input() -> None:
    network = {"kind": "mlp", "hidden": [4]}
    few = {"features": ["size", "stars", "colour", "when", "sold"], "network": network}
    bare, binned = (n_inputs(run(**few, numeric_bins=bins).spec, TABLE, LIMITS) for bins in (0, 8))
    assert binned - bare == 8 + 4  # of size, and between the five values of stars; a boolean has none
    assert n_inputs(run(**few, numeric_bins=1).spec, TABLE, LIMITS) == bare
    refused("/numeric_bins", '"numeric_bins": 0, or "network": {"kind": "mlp"}', numeric_bins=8)
    assert run(numeric_bins=0).spec.network.kind == "linear"
    refused("/numeric_bins", "64", numeric_bins=65, network=network)
    linear, mlp = run(numeric_bins=8, network={"kind": "auto"}).alternatives
    assert (linear.spec.numeric_bins, mlp.spec.numeric_bins) == (0, 8)


def test_factors_of_inputs_are_a_networks_and_move_by_a_rate() -> None:
    given: dict[str, Any] = {"network": {"kind": "mlp", "hidden": [4]}}
    assert run(**given).spec.scaling_layer is False
    assert run(**given, scaling_layer=True).spec.scaling_layer is True
    refused("/scaling_layer", '"scaling_layer": false, or "network": {"kind": "mlp"}', scaling_layer=True)
    refused("/scaling_layer", "or adam", scaling_layer=True, optimizer={"kind": "lbfgs"}, **given)
    of_lbfgs = run(network={"kind": "mlp"}, optimizer={"kind": "lbfgs"}, limits=replace(LIMITS, max_parameters=10**6))
    assert of_lbfgs.spec.scaling_layer is False
    linear, mlp = run(scaling_layer=True, network={"kind": "auto"}).alternatives
    assert (linear.spec.scaling_layer, mlp.spec.scaling_layer) == (False, True)


def test_the_network_of_both_is_the_one_that_would_be_trained_alone() -> None:
    """Also where the job begins, from what was stored when it was submitted."""
    limits = replace(LIMITS, max_parameters=10**6)
    asked = run(limits=limits, network={"kind": "auto"})
    stored = TrainingSpec.from_json(asked.spec.to_json())
    for kind, found in zip(("linear", "mlp"), alternatives(stored, TABLE, limits), strict=True):
        assert found.spec == run(limits=limits, network={"kind": kind}).spec
