"""Schemas that are read from records: a field for each of theirs, with its words; nullable where it may be None."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from marshmallow import fields

from service.api.schemas.answer import Answer
from service.api.schemas.jobs import ANY_SPEC
from service.domain.descent.curvature import Curvature
from service.domain.descent.forecast import Forecast, ForecastOfRun, Forecasts
from service.domain.described import Described, described
from service.domain.model.predictor import Label
from service.domain.report.classes import JudgedClasses, Reliability
from service.domain.report.features import Curve
from service.domain.report.metrics import Metrics
from service.domain.report.warned import Warned
from service.domain.spec.training import TrainingSpec

NUMBERS = {"type": "array", "items": {"type": "number"}}
PLAIN: dict[Any, type[fields.Field[Any]]] = {
    bool: fields.Boolean, float: fields.Float, int: fields.Integer, str: fields.String,
}  # fmt: skip
WRITTEN_OUT: dict[Any, dict[str, Any]] = {
    TrainingSpec: ANY_SPEC,
    Label: {"type": ["string", "number", "boolean"]},
    Curve: {"anyOf": [NUMBERS, {"type": "object", "additionalProperties": NUMBERS}]},
}
NAMES = {JudgedClasses: "Classes", Reliability: "Calibration", Metrics: "Metrics"}  # others have their records' names
# of these all fields are there wherever they are told; a report of an earlier version may lack some of its own
WHOLE = {Curvature, Forecast, ForecastOfRun, Forecasts, Warned}

_made: dict[Any, type[Answer]] = {}


def schema_of(record: Any) -> type[Answer]:
    """The schema of a record; of a union of records, that of an object with the fields of any of them."""
    if record not in _made:
        listed = [field for each in get_args(record) or (record,) for field in described(each)]
        name = NAMES.get(record) or record.__name__
        made = {field.key: _field(field, required=record in WHOLE) for field in listed}
        _made[record] = Answer.from_dict(made, name=name)  # type: ignore[assignment]  # it is one of Answer's
    return _made[record]


def _field(of: Described, required: bool) -> fields.Field[Any]:
    metadata = {name: told for name, told in (("description", of.words), ("example", of.example)) if told}
    type, is_optional = _without_none(of.type)
    nullable = {"allow_none": True} if is_optional and not of.omits_none else {}
    return _of_type(type, required=required and not of.omits_none, metadata=metadata, **nullable)


def _of_type(type: Any, **shared: Any) -> fields.Field[Any]:
    if type in PLAIN:
        return PLAIN[type](**shared)
    if type in WRITTEN_OUT:
        return fields.Raw(**{**shared, "metadata": {**shared.get("metadata", {}), **WRITTEN_OUT[type]}})
    if get_origin(type) is Sequence:
        return fields.List(_of_type(get_args(type)[0]), **shared)
    if get_origin(type) is Mapping:
        return fields.Dict(keys=fields.String(), values=_of_type(get_args(type)[1]), **shared)
    return fields.Nested(lambda: schema_of(type)(), **shared)


def _without_none(type: Any) -> tuple[Any, bool]:
    """A type without None, and whether that was in it."""
    if get_origin(type) not in (Union, UnionType) or NoneType not in get_args(type):
        return type, False
    return Union[tuple(each for each in get_args(type) if each is not NoneType)], True  # noqa: UP007 (made of a list)
