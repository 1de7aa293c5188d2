"""What is told of a spec that leaves the kind of network open: of both trainings, before either is made."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from service.domain.vocabulary.efforts import EFFORTS
from service.wiring import Deps
from tests.unit.behaviour.preflight.looking import Look, Upload, numbers, warned
from workers.jobs.dispatch import run

HIDDEN = {"hidden": [8]}


def test_the_choices_of_both_are_told_and_the_network_stays_open_until_one_is_better(look: Look) -> None:
    answer = look(numbers(), network={"kind": "auto"})
    alone = {kind: look(numbers(), network={"kind": kind}) for kind in ("linear", "mlp")}
    assert (answer["spec"]["network"]["kind"], answer["spec"]["network"]["hidden"]) == ("auto", None)
    shared = [note for note in alone["linear"]["notes"] if note in alone["mlp"]["notes"]]
    for kind, called in (("linear", "linear neuron"), ("mlp", "network")):
        own = [note for note in alone[kind]["notes"] if note not in answer["notes"]]
        assert own
        assert all(f"{called}: {note}" in answer["notes"] for note in own)
    assert any(note in answer["notes"] for note in shared)
    assert (
        "a linear neuron and a network are trained, and the one that is better on the validation rows is kept"
        in answer["notes"]
    )


def test_the_answer_can_be_sent_again(look: Look) -> None:
    spec = look(numbers(), network={"kind": "auto", "dropout": 0.1}, effort="best")["spec"]
    again = look(
        numbers(), **{name: value for name, value in spec.items() if name not in ("dataset", "kind", "model", "target")}
    )
    assert {**again["spec"], "dataset": ""} == {**spec, "dataset": ""}


def test_memory_is_that_of_the_larger(look: Look) -> None:
    memory = {
        kind: look(numbers(), network={"kind": kind, **({} if kind == "linear" else HIDDEN)})["estimate"]["memory"]
        for kind in ("linear", "mlp", "auto")
    }
    assert memory["auto"] == max(memory["linear"], memory["mlp"], key=lambda told: int(told["total_bytes"]))


def test_the_curvature_is_told_as_of_a_linear_neuron(look: Look) -> None:
    both, linear = (look(numbers(), network={"kind": kind})["curvature"] for kind in ("auto", "linear"))
    assert both == linear


def test_a_warning_of_one_says_of_which_and_one_of_both_is_told_once(look: Look) -> None:
    found = look(numbers(60), network={"kind": "auto", "hidden": [64]})
    told = warned(found)
    assert told["more_parameters_than_rows"]["detail"].startswith("network: the model has about")
    assert told["validation_small"]["detail"].startswith("only 12 rows")
    assert [one["code"] for one in found["warnings"]].count("validation_small") == 1
    assert "few_rows_for_network" not in told  # a linear neuron is trained as well


def test_time_is_that_of_both(client: FlaskClient, deps: Deps, upload: Upload) -> None:
    steps = {"epochs": 20, "early_stopping": None, "batch_size": 32, "engine": "fused", "refit": "never"}
    body = {"dataset": upload(numbers(2000)), "model": "m", "target": "y", **steps}

    def told(kind: str, **more: Any) -> dict[str, Any]:
        network = {"kind": kind, **({} if kind == "linear" else HIDDEN)}
        found: dict[str, Any] = client.post("/v1/jobs/validate", json={**body, "network": network, **more}).json
        return found["estimate"]["time"]  # type: ignore[no-any-return]

    assert told("auto")["seconds"] is None
    for network in ({"kind": "linear"}, {"kind": "mlp", **HIDDEN}):
        run(deps, client.post("/v1/jobs", json={**body, "network": network}).json["id"])
    linear, network, both = (told(kind) for kind in ("linear", "mlp", "auto"))
    epochs = 20 * (linear["epoch_seconds"] + network["epoch_seconds"])
    rest = max(each["seconds"] - 20 * each["epoch_seconds"] for each in (linear, network))
    assert abs(both["seconds"] - (epochs + rest)) < 1e-9
    assert both["why"].startswith("a linear neuron and a network, one after the other: ")
    assert abs(told("auto", budget_seconds=1e-4)["seconds"] - (1e-4 + rest)) < 1e-9


def test_effort_allows_the_steps_and_layers_of_its_record(look: Look) -> None:
    frame = numbers(400)
    for name, effort in EFFORTS.items():
        answer = look(frame, network={"kind": "mlp"}, effort=name)
        spec = answer["spec"]
        recipe = effort.of_open
        assert spec["network"]["hidden"] == list(effort.hidden)
        assert spec["network"]["activation"] == recipe.activation
        assert (spec["schedule"], spec["members"]) == (recipe.schedule, recipe.members)
        assert (spec["numeric_bins"], spec["scaling_layer"]) == (recipe.numeric_bins, recipe.scaling_layer)
        assert spec["optimizer"]["learning_rate"] == recipe.learning_rate
        assert spec["optimizer"]["beta2"] == recipe.beta2
        assert spec["early_stopping"]["patience"] == spec["epochs"]
        steps = -(-400 // spec["batch_size"])
        assert (spec["batch_size"], spec["epochs"]) == (recipe.batch_rows, min(effort.steps // steps, recipe.epochs))
        assert (f"effort {name!r}: {effort.summary}" in answer["notes"]) == (name != "normal")
    normal, said = (look(frame, network={"kind": "mlp"}, **more)["spec"] for more in ({}, {"effort": "normal"}))
    assert {**normal, "dataset": ""} == {**said, "dataset": ""}


@pytest.mark.parametrize("rows", [999, 1000])
def test_numbers_have_finer_bins_where_rows_can_fill_them(look: Look, rows: int) -> None:
    frame = numbers(rows)
    told = {name: look(frame, network={"kind": "mlp"}, effort=name)["spec"]["numeric_bins"] for name in EFFORTS}
    assert told == {"quick": 8, "normal": 8, "best": 8 if rows < 1000 else 16}


def test_layers_that_are_given_are_trained_by_the_recipe_for_them(look: Look) -> None:
    frame = numbers(400)
    for name, effort in EFFORTS.items():
        spec = look(frame, network={"kind": "mlp", "hidden": [3]}, effort=name)["spec"]
        recipe = effort.of_given
        assert (spec["schedule"], spec["members"]) == (recipe.schedule, 1)
        assert (spec["numeric_bins"], spec["scaling_layer"]) == (0, False)
        assert spec["early_stopping"]["patience"] == recipe.patience
        assert spec["epochs"] == min(effort.steps // -(-400 // spec["batch_size"]), recipe.epochs)


def test_what_is_asked_for_goes_before_the_effort(look: Look) -> None:
    asked = {"network": {"kind": "mlp", "hidden": [3]}, "epochs": 60, "schedule": "step"}
    for effort in EFFORTS:
        spec = look(numbers(), **asked, effort=effort)["spec"]
        assert (spec["network"]["hidden"], spec["epochs"], spec["schedule"]) == ([3], 60, "step")


def test_a_comparison_of_descents_needs_one_kind(client: FlaskClient, upload: Upload) -> None:
    body = {"kind": "descent-comparison", "dataset": upload(numbers()), "target": "y", "network": {"kind": "auto"}}
    answer = client.post("/v1/jobs/validate", json=body)
    assert answer.status_code == 422
    assert answer.json["errors"] == [
        {"pointer": "/network/kind", "detail": 'descents are compared on one network: use "kind": "linear" or "mlp"'}
    ]


def test_over_http_a_job_ends_as_what_was_better_and_says_why(client: FlaskClient, deps: Deps, upload: Upload) -> None:
    body = {"dataset": upload(numbers()), "model": "m", "target": "y", "network": {"kind": "auto"}, "epochs": 15}
    id = client.post("/v1/jobs", json=body).json["id"]
    assert client.get(f"/v1/jobs/{id}").json["spec"]["network"]["kind"] == "auto"
    run(deps, id)
    job = client.get(f"/v1/jobs/{id}").json
    report = client.get("/v1/models/m/versions/1/report").json
    choice = report["choice"]
    assert choice["kind"] == min(("linear", "mlp"), key=lambda kind: choice[kind]["loss"])
    assert job["spec"]["network"]["kind"] == report["lineage"]["spec"]["network"]["kind"] == choice["kind"]
    assert report["metrics"]["validation"]["mse"] == pytest.approx(choice[choice["kind"]]["loss"])
    card = client.get("/v1/models/m/versions/1/files/model-card.md").text
    assert choice["sentence"].rstrip(".") in card
    events = client.get(f"/v1/jobs/{id}/events").json["data"]
    assert choice["sentence"] in [event["data"].get("text") for event in events]
    answer = client.post("/v1/jobs/validate", json=job["spec"])  # what was kept can be sent again
    assert answer.status_code == 200, answer.json


def test_memory_counts_the_rows_of_both_where_only_the_network_has_bins(look: Look) -> None:
    bins: dict[str, Any] = {"linear": {}, "mlp": {"numeric_bins": 8}, "auto": {"numeric_bins": 8}}
    memory = {
        kind: look(numbers(), network={"kind": kind, **({} if kind == "linear" else HIDDEN)}, **bins[kind])["estimate"][
            "memory"
        ]
        for kind in ("linear", "mlp", "auto")
    }
    sizes = {kind: told["matrix_bytes"] for kind, told in memory.items()}
    assert sizes["linear"] == 4 * 400 * 4
    assert sizes["mlp"] == 4 * 400 * (4 + 3 * 8)  # of the four features three are numbers
    assert sizes["auto"] == sizes["linear"] + sizes["mlp"]
    assert memory["auto"]["total_bytes"] == memory["mlp"]["total_bytes"] + sizes["linear"]
