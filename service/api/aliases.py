"""/v1/models/{name}/aliases: names that say which version of a model is meant."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from flask import Response, request

from service.api.admission.admit import owner
from service.api.blueprints import named
from service.api.context import context
from service.api.http.documents import document_limit, load, read_object
from service.api.models import NOT_FOUND, blueprint, tell
from service.api.parameters import REVISION_DIGITS, MatchHeaders
from service.api.schemas import models as model_schemas
from service.domain.spec.training import MODEL_NAME
from service.errors import AliasChanged, FieldError, ParameterInvalid
from service.store import models
from service.usecases import promote

__all__ = ["blueprint"]  # the models', with the views below

ALIAS = "/<name>/aliases/<alias>"
ALIASES = named("alias", MODEL_NAME)
TAG = {"ETag": {"schema": {"type": "string"}}}


@blueprint.route(ALIAS, parameters=ALIASES)
@blueprint.answers(HTTPStatus.OK, model_schemas.AliasSchema, headers=TAG)
@blueprint.fails(*NOT_FOUND)
def get_alias(name: str, alias: str) -> Any:
    """Get an alias: the version that it points to"""
    with context().deps.database.read() as session:
        row = models.get_alias(session, owner(), name, alias)
    return row, {"ETag": f'"{row.revision}"'}


@blueprint.route(ALIAS, methods=["PUT"], parameters=ALIASES)
@blueprint.headers(MatchHeaders)
@blueprint.answers(HTTPStatus.OK, model_schemas.AliasSchema, headers=TAG)
@blueprint.fails(*NOT_FOUND, HTTPStatus.PRECONDITION_FAILED)
@blueprint.takes(model_schemas.AliasTarget, {"version": 1})
def put_alias(_: dict[str, Any], name: str, alias: str) -> Any:
    """Point an alias at a version; with If-Match, only if nobody else has changed it since

    If-Match: * asks for an existing alias, If-None-Match: * for a new one.
    """
    if not re.fullmatch(MODEL_NAME, alias):
        detail = "an alias is 1 to 100 characters from a-z, 0-9, '.', '_', '-', starting with a letter or digit"
        raise ParameterInvalid(f"{alias!r}: {detail}", [FieldError("/alias", detail)])
    document = read_object(request, document_limit(context().deps.settings))
    target = load(model_schemas.AliasTarget, document)
    row = promote.promote(context().deps.database, owner(), name, alias, target["version"], _expected(name, alias))
    tell()
    return row, {"ETag": f'"{row.revision}"'}


@blueprint.route(ALIAS, methods=["DELETE"], parameters=ALIASES)
@blueprint.headers(MatchHeaders)
@blueprint.answers(HTTPStatus.NO_CONTENT)
@blueprint.fails(*NOT_FOUND, HTTPStatus.PRECONDITION_FAILED)
def delete_alias(_: dict[str, Any], name: str, alias: str) -> Any:
    """Delete an alias; without 'default', the model's bare name means its newest version"""
    promote.remove_alias(context().deps.database, owner(), name, alias, _expected(name, alias))
    tell()
    return Response(status=HTTPStatus.NO_CONTENT)


def _expected(name: str, alias: str) -> int | None:
    """The revision that If-Match asks for, 0 for If-None-Match: *. Raises AliasChanged, ParameterInvalid."""
    if request.if_none_match.star_tag:
        return 0
    if request.if_match.star_tag:
        with context().deps.database.read() as session:
            return models.get_alias(session, owner(), name, alias).revision
    if "If-Match" not in request.headers:
        return None
    tags = [tag or "" for tag in request.if_match]  # an empty one is None to werkzeug
    if len(tags) != 1:
        raise ParameterInvalid.at("/If-Match", 'If-Match must be a single ETag of the alias, such as "1", or *')
    if not (tags[0].isdecimal() and tags[0].isascii() and len(tags[0]) <= REVISION_DIGITS):
        raise AliasChanged(f"alias {alias!r} never had the ETag {tags[0]!r}; read the alias again and retry")
    return int(tags[0])
