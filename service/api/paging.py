"""The envelope of a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import marshmallow as ma
from marshmallow import fields

from service.api.schemas import models as model_schemas
from service.api.schemas.answer import Answer, says
from service.api.schemas.datasets import ListedDataset
from service.api.schemas.jobs import ListedJob
from service.api.schemas.keys import KeySchema, ShareSchema
from service.store.paging import Page

T = TypeVar("T")


def envelope(page: Page[T], show: Callable[[T], Any] = lambda row: row) -> dict[str, Any]:
    """{"data": […], "has_more": …, "next": …}"""
    return {"data": [show(row) for row in page.data], "has_more": page.next is not None, "next": page.next}


def listing(item: type[ma.Schema], name: str = "") -> type[ma.Schema]:
    """The envelope of a list, newest first; it is called by the name, else by the item's."""
    envelope: dict[str, fields.Field[Any]] = {
        "data": fields.List(fields.Nested(item), required=True),
        "has_more": fields.Boolean(required=True),
        "next": fields.String(required=True, allow_none=True, metadata=says("pass it as ?after= to get the next page")),
    }
    return Answer.from_dict(envelope, name=f"{name or item.__name__.removesuffix('Schema')}List")


DatasetList = listing(ListedDataset, "Dataset")
JobList = listing(ListedJob, "Job")
ModelList = listing(model_schemas.ModelSchema)
KeyList = listing(KeySchema)
ShareList = listing(ShareSchema)
VersionList = listing(model_schemas.ListedVersion, "Version")
