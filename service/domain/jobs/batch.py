"""A batch prediction: which version answers for the rows of which dataset, and in what form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import marshmallow as ma

from service.domain.plain import plain
from service.domain.spec.beside import AsksOfJob
from service.domain.spec.loading import load
from service.domain.spec.parts import dataset_field, one_of

CSV, PARQUET = "csv", "parquet"
FORMATS = (CSV, PARQUET)
REQUIRED: dict[str, Any] = {"required": "is required (only model and dataset are)"}


@dataclass(frozen=True, slots=True)
class BatchSpec:
    """What to predict. In a resolved spec `model` is `name:version`: an alias that moves later changes nothing."""

    model: str
    dataset: str
    format: str
    kind: Literal["predict"] = "predict"

    def to_json(self) -> dict[str, Any]:
        """What `read_batch` reads as well."""
        return plain(self)


def read_batch(data: Mapping[str, Any]) -> BatchSpec:
    """A client's spec. Raises SpecInvalid that points at every field that is wrong."""
    spec: BatchSpec = load(BatchSpecSchema, data)
    return spec


class BatchSpecSchema(AsksOfJob):
    """The body of `POST /v1/batch-predictions`."""

    makes = BatchSpec
    model = ma.fields.String(
        required=True,
        error_messages=REQUIRED,
        validate=ma.validate.Length(1, 300),
        metadata={"description": "name, name@alias or name:version; in answers the version that was used"},
    )
    dataset = dataset_field(REQUIRED)
    format = ma.fields.String(
        load_default=CSV,
        validate=one_of(FORMATS),
        metadata={"description": "format of the result: row numbers from 1, then what /predict answers for each row"},
    )
    kind = ma.fields.String(load_default="predict", validate=one_of(("predict",)))
