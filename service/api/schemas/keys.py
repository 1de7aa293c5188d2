"""Keys, sessions of pages and shares, as marshmallow schemas."""

from __future__ import annotations

from marshmallow import fields

from service.api.schemas.answer import Answer, TimeField, one_of, says, within
from service.api.schemas.requested import Requested
from service.domain.access.keys import ID_LENGTH, ID_LETTERS
from service.domain.access.owners import OWNER_NAME
from service.domain.access.scopes import MEANINGS, SCOPES
from service.domain.spec.fields import Matches
from service.usecases.keys import MOST_NAME

WHAT_SCOPES = "; ".join(f"{scope}: {meaning}" for scope, meaning in MEANINGS.items())
KEY_ID = f"[{ID_LETTERS}]{{{ID_LENGTH}}}"


class KeySchema(Answer):
    id = fields.String(required=True)
    owner = fields.String(required=True)
    name = fields.String(required=True)
    scopes = fields.List(
        fields.String(validate=one_of(SCOPES)), required=True, metadata=says(WHAT_SCOPES, example=["predict", "read"])
    )
    created_at = TimeField(required=True)
    expires_at = TimeField(required=True, allow_none=True, metadata=says("null: never"))
    revoked_at = TimeField(required=True, allow_none=True)
    last_used_at = TimeField(required=True, allow_none=True, metadata=says("to the minute"))


class MadeKey(KeySchema):
    """A key just after it was made: the only answer that has its text."""

    key = fields.String(
        required=True, metadata=says("to be sent as `Authorization: Bearer …`; it is not kept, and never shown again")
    )


class KeyRequest(Requested):
    owner = fields.String(
        metadata=says(
            "whose things the key opens; a new name is a new owner. Default: who asks", pattern=f"^{OWNER_NAME}$"
        )
    )
    name = fields.String(required=True, metadata=says(f"what it is for, in 1 to {MOST_NAME} characters", example="CI"))
    scopes = fields.List(
        fields.String(metadata={"enum": list(SCOPES)}),
        required=True,
        metadata=says(WHAT_SCOPES, example=["read", "predict"]),
    )
    expires_at = fields.AwareDateTime(load_default=None, allow_none=True, metadata=says("RFC 3339; null: never"))


class KeysQuery(Requested):
    limit = fields.Integer(load_default=50, validate=within(1, 200))
    after = fields.String(
        validate=Matches(KEY_ID, error="is not a cursor; give the `next` of the previous page"),
        metadata=says("the `next` of the previous page"),
    )
    owner = fields.String(
        validate=Matches(OWNER_NAME, error="is not a valid name of an owner"), metadata=says("keys of this owner alone")
    )


class SignInRequest(Requested):
    key = fields.String(required=True, metadata=says("a key: adl_<id>_<secret>"))


class SessionSchema(Answer):
    """Who asks."""

    owner = fields.String(required=True)
    scopes = fields.List(
        fields.String(validate=one_of(SCOPES)), required=True, metadata=says(WHAT_SCOPES, example=["predict", "read"])
    )
    key = fields.String(
        required=True, allow_none=True, metadata=says("the id of the key; null on a server that needs none")
    )
    csrf_token = fields.String(
        required=True,
        allow_none=True,
        metadata=says("for a session: to be sent as X-CSRF-Token with what changes something; null with a key"),
    )


class ShareSchema(Answer):
    model = fields.String(required=True, metadata=says("as the other owner calls it", example="alice/house-price"))
    owner = fields.String(required=True, metadata=says("whose the model is"))
    grantee = fields.String(required=True, metadata=says("who may predict with it"))
    created_at = TimeField(required=True)
