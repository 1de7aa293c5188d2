"""Webhooks and what they were told, as marshmallow schemas."""

from __future__ import annotations

from marshmallow import fields

from service.api.schemas.answer import Answer, TimeField, one_of, says
from service.api.schemas.requested import Requested
from service.domain.jobs.notices import DELIVERY_STATES, TYPES

SIGNED = "signs what is sent (https://www.standardwebhooks.com); shown by this answer only"


class WebhookSchema(Answer):
    id = fields.String(required=True)
    url = fields.String(required=True)
    events = fields.List(fields.String(validate=one_of(TYPES)), required=True, metadata=says("what it is told of"))
    created_at = TimeField(required=True)


class MadeWebhook(WebhookSchema):
    """A webhook just after it was registered: the only answer that has its secret."""

    secret = fields.String(required=True, metadata=says(SIGNED))


class WebhookRequest(Requested):
    url = fields.String(
        required=True,
        metadata=says("an address of the public Internet that is posted to", example="https://example.com/adaline"),
    )
    events = fields.List(
        fields.String(metadata={"enum": list(TYPES)}),
        load_default=list,
        metadata=says("what to tell; left out or empty: everything", example=["job.failed"]),
    )


class DeliverySchema(Answer):
    id = fields.String(required=True, metadata=says("sent as webhook-id, the same at each attempt"))
    webhook = fields.String(required=True, attribute="webhook_id")
    job = fields.String(required=True, attribute="job_id")
    type = fields.String(required=True, validate=one_of(TYPES))
    state = fields.String(
        required=True,
        validate=one_of(DELIVERY_STATES),
        metadata=says("pending: it is tried, again after each failure; failed: it is tried no more"),
    )
    attempts = fields.Integer(required=True)
    next_attempt_at = TimeField(required=True, allow_none=True, attribute="due_at")
    last_attempt_at = TimeField(required=True, allow_none=True, attribute="tried_at")
    status = fields.Integer(required=True, allow_none=True, metadata=says("of the last answer; null: none came"))
    error = fields.String(required=True, allow_none=True)
    body = fields.Dict(required=True, metadata=says("what is sent: {type, timestamp, data}"))
    created_at = TimeField(required=True)
