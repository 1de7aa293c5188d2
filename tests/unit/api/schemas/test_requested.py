"""What is told of a value in a body, a query or headers that cannot be read."""

from __future__ import annotations

import re
from typing import Any

import pytest

from service.api import parameters
from service.api.operators.owners import LimitsRequest, OwnersQuery
from service.api.schemas.keys import KeyRequest, KeysQuery, SignInRequest
from service.api.schemas.models import AliasTarget, VersionPatch
from service.api.schemas.requested import Requested
from service.api.schemas.webhooks import WebhookRequest
from service.api.uploads.options import UploadOptions

OWN = re.compile(r"Not a|Invalid |may not be null|special numeric|Missing data|Unknown field|too large")
TEXTS: tuple[Any, ...] = ("", "x", "0,5", "2027-01-31", "9" * 400, "inf")
WRONG = (*TEXTS, None, True, 1.5, 10**400, [], {}, [1], {"a": 1})
BODIES = (KeyRequest, SignInRequest, AliasTarget, VersionPatch, WebhookRequest, LimitsRequest)
QUERIES = (  # and headers: texts alone
    *{one for one in vars(parameters).values() if isinstance(one, type) and issubclass(one, Requested)},
    UploadOptions, OwnersQuery, KeysQuery,
)  # fmt: skip


@pytest.mark.parametrize("schema", sorted({*BODIES, *QUERIES}, key=lambda one: one.__name__))
def test_no_message_is_the_librarys_own(schema: type[Requested]) -> None:
    told = [str(schema().validate({})), str(schema().validate({"other": 1}))]
    for name, field in schema().fields.items():
        for wrong in WRONG if schema in BODIES else TEXTS:
            told.append(str(schema().validate({field.data_key or name: wrong})))
    assert [text for text in told if OWN.search(text)] == []


@pytest.mark.parametrize(
    ("schema", "body", "told"),
    [
        (AliasTarget, {"version": "2"}, "must be a whole number, such as 20"),
        (AliasTarget, {}, "is required"),
        (KeyRequest, {"name": 1, "scopes": ["read"]}, 'must be a string, such as "CI"'),
        (KeyRequest, {"name": "CI", "scopes": "read"}, 'must be a list, such as ["read", "predict"]'),
        (
            KeyRequest,
            {"name": "CI", "scopes": [], "expires_at": "tomorrow"},
            'must be a time with its zone, such as "2027-01-31T00:00:00Z"',
        ),
        (SignInRequest, {"key": "adl_1_2", "keys": 1}, "is not a field here; remove it or check its spelling"),
        (parameters.PredictQuery, {"intervals": "most"}, "must be a number, such as 0.9"),
        (parameters.PredictQuery, {"echo": "maybe"}, "must be true or false"),
    ],
)
def test_it_is_told_how_a_value_is_written(schema: type[Requested], body: dict[str, Any], told: str) -> None:
    (messages,) = schema().validate(body).values()
    assert messages == [told]
