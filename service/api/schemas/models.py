"""Models, versions, aliases, and two versions side by side, as marshmallow schemas."""

from __future__ import annotations

from marshmallow import fields

from service.api.schemas.answer import Answer, KeptJson, TimeField, one_of, says, within
from service.api.schemas.requested import Requested
from service.domain.cells.kinds import KINDS
from service.domain.spec.fields import JsonInteger
from service.domain.spec.metadata import Metadata
from service.store.listed import KIB, LISTED

SIDES = ("a", "b")
FEATURES = "the features that a row must have, in order"
METRICS = "by split part: train, validation, test"
LONG = f"they take more than {LISTED // KIB} KiB: the version itself has them"
BY_SPLIT = {"additionalProperties": {"$ref": "#/components/schemas/Metrics"}}
ANY = {"description": "left out if it does not exist"}


class ModelSchema(Answer):
    id = fields.String(required=True)
    name = fields.String(required=True)
    latest_version = fields.Integer(required=True, allow_none=True, metadata=says("null if all were deleted"))
    aliases = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        required=True,
        metadata=says("the version that each alias points to"),
    )
    serves = fields.Integer(
        required=True,
        allow_none=True,
        metadata=says(
            "the version that the bare name means: the alias 'default', else the newest version; null if there is none"
        ),
    )
    created_at = TimeField(required=True)
    updated_at = TimeField(required=True)


class FeatureSchema(Answer):
    name = fields.String(required=True)
    kind = fields.String(required=True, validate=one_of(KINDS))


class FileSchema(Answer):
    name = fields.String(required=True)
    bytes = fields.Integer(required=True)
    sha256 = fields.String(required=True)


class ListedVersion(Answer):
    """A version as a list has it: without spec and metadata, and without what would make the list very
    long; `GET /v1/models/{name}/versions/{n}` has all."""

    model = fields.String(required=True)
    version = fields.Integer(required=True)
    job = fields.String(required=True)
    dataset = fields.String(required=True)
    task = fields.String(required=True)
    target = fields.Raw(
        required=True,
        metadata=says(
            "the column that is predicted; a list if there are several",
            anyOf=[{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
        ),
    )
    features = fields.List(
        KeptJson(FeatureSchema), required=True, allow_none=True, metadata=says(f"{FEATURES}; null where {LONG}")
    )
    metrics = fields.Dict(
        required=True, metadata=says(f"{METRICS}; without confusion and by_target where {LONG}", **BY_SPLIT)
    )
    files = fields.List(KeptJson(FileSchema), required=True)
    aliases = fields.List(fields.String(), required=True)
    created_at = TimeField(required=True)


class VersionSchema(ListedVersion):
    features = fields.List(KeptJson(FeatureSchema), required=True, metadata=says(FEATURES))
    metrics = fields.Dict(required=True, metadata=says(METRICS, **BY_SPLIT))
    spec = fields.Dict(required=True, metadata=says("the resolved spec of its training; empty if no longer known"))
    metadata = fields.Dict(required=True, metadata=says("what its spec gave it, and what was changed since with PATCH"))


class ModelVersion(Answer):
    name = fields.String(required=True)
    version = fields.Integer(required=True)


class AliasSchema(Answer):
    alias = fields.String(required=True)
    model = fields.String(required=True, attribute="model_name")
    version = fields.Integer(required=True)
    revision = fields.Integer(required=True, metadata=says("rises with every change; it is the ETag, for If-Match"))
    updated_at = TimeField(required=True)


class AliasTarget(Requested):
    """The body of `PUT …/aliases/{alias}`."""

    version = JsonInteger(required=True, validate=within(1, 2**31 - 1))


class VersionPatch(Requested):
    """The body of `PATCH …/versions/{version}`."""

    metadata = Metadata(required=True, metadata=says("entries to set; null removes one (JSON merge patch, RFC 7396)"))


class SideSchema(Answer):
    version = fields.Integer(required=True)
    job = fields.String(required=True)
    dataset = fields.String(required=True)
    task = fields.String(required=True)
    aliases = fields.List(fields.String(), required=True)
    metadata = fields.Dict(required=True)
    created_at = TimeField(required=True)


class DifferenceSchema(Answer):
    pointer = fields.String(required=True, metadata=says("JSON pointer to the difference"))
    a = fields.Raw(metadata=ANY)
    b = fields.Raw(metadata=ANY)


class ComparedFigure(Answer):
    split = fields.String(required=True)
    target = fields.String(
        required=True, allow_none=True, metadata=says("one of several targets; null means all of them")
    )
    metric = fields.String(required=True)
    lower_is_better = fields.Boolean(required=True)
    a = fields.Float(required=True, allow_none=True)
    b = fields.Float(required=True, allow_none=True)
    difference = fields.Float(required=True, allow_none=True, metadata=says("b - a"))
    better = fields.String(
        required=True,
        allow_none=True,
        validate=one_of(SIDES),
        metadata=says("by this metric alone; it compares the models only if `same_rows` is true"),
    )


class RowCounts(Answer):
    a = fields.Integer(required=True, allow_none=True)
    b = fields.Integer(required=True, allow_none=True)


class VersionComparison(Answer):
    model = fields.String(required=True)
    a = fields.Nested(SideSchema, required=True)
    b = fields.Nested(SideSchema, required=True)
    spec = fields.List(fields.Nested(DifferenceSchema), required=True, metadata=says("spec fields that differ"))
    metrics = fields.List(fields.Nested(ComparedFigure), required=True)
    lineage = fields.List(
        fields.Nested(DifferenceSchema),
        required=True,
        metadata=says("dataset, split, engine and libraries that differ"),
    )
    rows = fields.Dict(
        keys=fields.String(), values=fields.Nested(RowCounts), required=True, metadata=says("by split part")
    )
    same_rows = fields.Boolean(required=True, metadata=says("whether both were evaluated on the same held-out rows"))
    better = fields.String(
        required=True,
        allow_none=True,
        validate=one_of(SIDES),
        metadata=says("by `metric` on `split`; null if they tie or cannot be compared (see `sentence`)"),
    )
    metric = fields.String(required=True, allow_none=True)
    split = fields.String(required=True, allow_none=True)
    sentence = fields.String(
        required=True, metadata=says("which is better and by how much, or why they cannot be compared")
    )
