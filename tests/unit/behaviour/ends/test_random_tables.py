"""Whatever a table holds that ingest calls ready, a job on it ends with a model, or with a cause that is true."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from service.wiring import Deps
from tests.unit.behaviour.ends.asking import upload, what_is_wrong, what_is_wrong_beside
from tests.unit.behaviour.ends.extreme import random_spec, random_table


@pytest.mark.parametrize("seed", range(40))
def test_a_training_by_auto_ends_well(deps: Deps, client: FlaskClient, seed: int) -> None:
    made_of, table = random_table(seed)
    dataset = upload(deps, client, table.csv)
    assert dataset["state"] == "ready", made_of
    for kind in ("linear", "mlp"):
        assert what_is_wrong(deps, client, dataset["id"], table.csv, network={"kind": kind}) is None, made_of
    if client.get("/v1/models/ends").status_code == 200:
        assert what_is_wrong_beside(deps, client, dataset["id"]) is None, made_of


@pytest.mark.parametrize("seed", range(1000, 1050))
def test_a_training_with_choices_of_its_own_ends_well(deps: Deps, client: FlaskClient, seed: int) -> None:
    made_of, table = random_table(seed)
    dataset = upload(deps, client, table.csv)
    spec = random_spec(seed)
    assert what_is_wrong(deps, client, dataset["id"], table.csv, **spec) is None, f"{made_of}: {spec}"


@pytest.mark.parametrize("seed", range(2000, 2012))
def test_a_comparison_of_descents_ends_well(deps: Deps, client: FlaskClient, seed: int) -> None:
    made_of, table = random_table(seed)
    dataset = upload(deps, client, table.csv)
    network = {"kind": ("linear", "mlp")[seed % 2], **({"hidden": [3]} if seed % 2 else {})}
    asked = {"kind": "descent-comparison", "network": network, "epochs": 20}
    assert what_is_wrong(deps, client, dataset["id"], table.csv, **asked) is None, made_of
