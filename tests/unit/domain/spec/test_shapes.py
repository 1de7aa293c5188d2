"""What is told of a value that is written otherwise than its field has it, and that what is told can be read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import marshmallow as ma
import pytest

from service.domain.jobs.comparison_schema import ComparisonSpecSchema
from service.domain.spec.schema import TrainingSpecSchema, read_spec
from service.errors import SpecInvalid

LEAST = {"dataset": "ds_1", "model": "m", "target": "y"}
WRONG: tuple[Any, ...] = ("0,1", "ten", [], {}, [[]], 1.5, True, ["a", {}], {"a": "b"})


def places(schema: ma.Schema, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The way to every field, those of parts too."""
    for name, field in schema.fields.items():
        yield (*above, name)
        inner = getattr(field, "inner", field)
        if isinstance(inner, ma.fields.Nested):
            yield from places(inner.schema, (*above, name))


@pytest.mark.parametrize("schema", [TrainingSpecSchema, ComparisonSpecSchema])
def test_no_message_of_a_field_is_the_librarys_own(schema: type[ma.Schema]) -> None:
    for place in places(schema()):
        for wrong in (*WRONG, None):
            body: Any = wrong
            for name in reversed(place):
                body = {name: body}
            told = json.dumps(schema().validate({**LEAST, **body}))
            assert not re.search(r"Not a valid|Invalid |may not be null|special numeric", told), (place, wrong, told)


@pytest.mark.parametrize(
    ("body", "pointer", "told", "mended"),
    [
        ({"split": 0.3}, "/split", 'such as {"validation": 0.2, "test": 0.1}', {"validation": 0.2, "test": 0.1}),
        ({"optimizer": "sgd"}, "/optimizer", '{"kind": "sgd", "learning_rate": 0.05}', {"kind": "sgd"}),
        ({"network": "mlp"}, "/network", '{"kind": "mlp", "hidden": [16]}', {"kind": "mlp", "hidden": [16]}),
        ({"early_stopping": 5}, "/early_stopping", '{"patience": 10}', {"patience": 10}),
        ({"early_stopping": "never"}, "/early_stopping", 'use "auto", or an object, such as {"patience": 10}', "auto"),
        ({"features": "rooms"}, "/features", 'a list, such as ["rooms", "age"]', ["rooms", "age"]),
        ({"epochs": "ten"}, "/epochs", 'use "auto", or a whole number, such as 20', 20),
        ({"seed": 1.5}, "/seed", "must be a whole number, such as 20", 20),
        ({"quantile": "half"}, "/quantile", "must be a number, such as 0.05", 0.05),
        ({"scaler": 1}, "/scaler", "a string, such as", "none"),
    ],
)
def test_a_value_that_is_written_otherwise_is_told_how_it_is_written(
    body: dict[str, Any], pointer: str, told: str, mended: Any
) -> None:
    with pytest.raises(SpecInvalid) as caught:
        read_spec({**LEAST, **body})
    (error,) = caught.value.errors
    assert error.pointer == pointer
    assert told in error.detail
    read_spec({**LEAST, pointer[1:]: mended})
