"""Options of the command line as parts of a spec."""

from __future__ import annotations

import pytest

from service.cli.choices import ChoiceInvalid, kinds_of, layers, model_name, spec_of, with_hidden


def test_a_dotted_path_is_a_nested_field() -> None:
    assert spec_of(["optimizer.learning_rate=0.1", "optimizer.kind=sgd", "epochs=50"]) == {
        "optimizer": {"learning_rate": 0.1, "kind": "sgd"},
        "epochs": 50,
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("null", None),
        ("[1, 2]", [1, 2]),
        ('{"patience": 5}', {"patience": 5}),
        ('"7"', "7"),
        ("relu", "relu"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_a_value_is_json_else_a_bare_string(text: str, value: object) -> None:
    assert spec_of([f"field={text}"]) == {"field": value}


@pytest.mark.parametrize("assignment", ["epochs", "=5", "optimizer.=5", ".kind=sgd", "a..b=1"])
def test_what_is_no_assignment_is_refused(assignment: str) -> None:
    with pytest.raises(ChoiceInvalid, match="field=value"):
        spec_of([assignment])


def test_a_value_has_no_fields_below_it() -> None:
    with pytest.raises(ChoiceInvalid, match="already set"):
        spec_of(["optimizer=sgd", "optimizer.momentum=0.9"])


def test_hidden_layers_make_a_network() -> None:
    assert with_hidden({"network": {"activation": "tanh"}}, "16,8") == {
        "network": {"kind": "mlp", "activation": "tanh", "hidden": [16, 8]}
    }
    assert with_hidden({"epochs": 3}, None) == {"epochs": 3}


def test_hidden_layers_are_numbers() -> None:
    assert layers("64") == [64]
    with pytest.raises(ChoiceInvalid, match="16,16"):
        layers("16x16")


@pytest.mark.parametrize(
    ("dataset", "model"),
    [
        ("houses.csv", "houses"),
        ("data/Houses 2024.csv.gz", "houses-2024"),
        ("v1.2_final.tsv", "v1.2_final"),
        ("_private.csv", "private"),
        ("x" * 300, "x" * 100),
    ],
)
def test_a_model_is_named_after_its_file(dataset: str, model: str) -> None:
    assert model_name(dataset) == model


def test_a_name_of_nothing_usable_asks_for_one() -> None:
    with pytest.raises(ChoiceInvalid, match="--model"):
        model_name("数据.csv")


def test_kinds_of_columns() -> None:
    assert kinds_of(["zip=categorical", "a=b=datetime:dmy"]) == {"zip": "categorical", "a=b": "datetime:dmy"}
    for wrong in ("zip", "=text", "zip="):
        with pytest.raises(ChoiceInvalid, match="column=kind"):
            kinds_of([wrong])


@pytest.mark.parametrize(
    ("text", "value"), [(".5", 0.5), ("5.", 5.0), ("+3", 3.0), ("1e-3", 0.001), ("none", "none"), ("v1.2", "v1.2")]
)
def test_numbers_are_read_as_people_write_them(text: str, value: object) -> None:
    assert spec_of([f"field={text}"]) == {"field": value}


@pytest.mark.parametrize(
    ("assignment", "told"),
    [
        ("optimizer.learning_rate=0,1", "with a decimal point"),
        ("epochs=1_000", "without thousands separators"),
        ("network.hidden=16,8", r"as \[16,8\]"),
        ("network.bias=False", "write it as false"),
        ("early_stopping=None", "write it as null"),
        ("split={validation: 0.3}", r"--set split\.validation=0\.2"),
        ("network.hidden=[16,", "it is not JSON"),
        ('scaler="none', "it is not JSON"),
        ("metadata.run={a}", "it is not JSON"),
    ],
)
def test_a_value_that_does_not_parse_is_told_how_it_looks(assignment: str, told: str) -> None:
    with pytest.raises(ChoiceInvalid, match=told):
        spec_of([assignment])


def test_words_of_the_users_own_stay_as_they_are() -> None:
    assert spec_of(["metadata.version=1,2", "metadata.is=True", "metadata.at=2026-11-29"]) == {
        "metadata": {"version": "1,2", "is": "True", "at": "2026-11-29"}
    }


def test_a_column_that_orders_rows_is_named_inside_of_the_split() -> None:
    assert spec_of(["split.order_by=sold on", "split.test=0.1"]) == {"split": {"order_by": "sold on", "test": 0.1}}
