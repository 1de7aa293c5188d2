"""Warnings about the network beside the number of rows."""

from __future__ import annotations

from tests.unit.behaviour.preflight.looking import Look, numbers, warned


def test_identity_layers_collapse(look: Look) -> None:
    network = {"kind": "mlp", "hidden": [16, 3, 8], "activation": "identity"}
    found = warned(look(numbers().assign(kind=list("abcd") * 100), target="kind", network=network))["layers_collapse"]
    assert "layers 1 to 3 (of 16, 3, 8)" in found["detail"]
    assert "rank at most 3" in found["detail"]
    assert found["pointer"] == "/network/activation"
    bins = warned(look(numbers(), numeric_bins=4, network=network))["layers_collapse"]
    assert bins["detail"].endswith('"kind": "linear" with "numeric_bins": 0')
    assert "layers_collapse" not in warned(look(numbers(), network={**network, "activation": "tanh"}))


def test_more_parameters_than_training_rows(look: Look) -> None:
    # 4·60+60 + 60+1 = 361 weights and biases for 320 rows; 4·50+50 + 50+1 = 301
    found = warned(look(numbers(), network={"kind": "mlp", "hidden": [60]}))["more_parameters_than_rows"]
    assert "361 weights and biases for 320 training rows" in found["detail"]
    assert "more_parameters_than_rows" not in warned(look(numbers(), network={"kind": "mlp", "hidden": [50]}))


def test_each_members_parameters_stand_beside_the_rows(look: Look) -> None:
    network = {"kind": "mlp", "hidden": [60]}
    found = warned(look(numbers(), network=network, members=3))["more_parameters_than_rows"]
    assert "each member has about 361 weights" in found["detail"]
    fewer = look(numbers(), network={"kind": "mlp", "hidden": [50]}, members=3)
    assert "more_parameters_than_rows" not in warned(fewer)


def test_too_few_rows_to_judge_by(look: Look) -> None:
    # 40 rows: 8 validate, √(2/8) = 50 %
    found = warned(look(numbers(40)))["validation_small"]
    assert "only 8 rows evaluate" in found["detail"]
    assert "±50%" in found["detail"]
    assert "validation_none" in warned(look(numbers(), split={"validation": 0}))
    assert not {"validation_small", "validation_none"} & set(warned(look(numbers(), split={"validation": 0.1})))


def test_a_network_on_few_rows(look: Look) -> None:
    network = {"kind": "mlp", "hidden": [2]}
    assert "96 training rows" in warned(look(numbers(120), network=network))["few_rows_for_network"]["detail"]
    assert "few_rows_for_network" not in warned(look(numbers(130), network=network))
    assert "few_rows_for_network" not in warned(look(numbers(120)))
