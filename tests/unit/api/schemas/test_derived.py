"""Schemas that are read from records: what may be None is nullable, what is always there required."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

import pytest
from marshmallow import fields

from service.api.schemas.derived import WHOLE, schema_of
from service.domain.described import described
from service.domain.report.metrics import Metrics
from service.domain.report.neuron import Certificate, Coefficient
from service.domain.report.report import Report
from service.domain.report.warned import Warned


def test_every_key_of_a_record_is_described() -> None:
    for record in (Report, Certificate, Coefficient, Warned):
        assert set(schema_of(record)().fields) == {field.key for field in described(record)}


def test_what_may_be_none_is_nullable_unless_it_is_left_out_then() -> None:
    found = schema_of(Coefficient)().fields
    assert found["standard_error"].allow_none
    assert not found["value"].allow_none
    assert not found["class"].allow_none
    assert schema_of(Certificate)().fields["separation"].allow_none


def test_of_some_records_all_fields_are_there_wherever_they_are_told() -> None:
    warned = schema_of(Warned)().fields
    assert {name for name, field in warned.items() if field.required} == {"code", "detail"}
    assert not any(field.required for field in schema_of(Report)().fields.values())
    assert all(schema_of(record)().fields for record in WHOLE)


def test_a_union_of_records_is_an_object_with_the_fields_of_any() -> None:
    keys = {field.key for record in get_args(Metrics) for field in described(record)}
    assert set(schema_of(Metrics)().fields) == keys
    values: Any = schema_of(Report)().fields["metrics"]
    assert isinstance(values.value_field, fields.Nested)


def test_a_type_that_no_schema_is_known_of_raises() -> None:
    @dataclass(frozen=True)
    class Odd:
        found: complex

    with pytest.raises(TypeError):
        schema_of(Odd)().fields["found"].schema  # noqa: B018
