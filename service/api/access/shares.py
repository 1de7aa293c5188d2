"""/v1/models/{name}/shares: with whom a model is shared for predicting; and /v1/shared-models, what others share."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Response

from service.api.admission.admit import owner
from service.api.aliases import blueprint
from service.api.blueprints import Blueprint, named
from service.api.context import context
from service.api.models import NOT_FOUND, tell
from service.api.paging import ShareList
from service.api.schemas.keys import ShareSchema
from service.domain.access.owners import OWNER_NAME
from service.store import models
from service.store.access import shares
from service.store.tables import ShareRow
from service.usecases import share

__all__ = ["blueprint", "shared_models"]  # the models', with the views below

shared_models = Blueprint(
    "shared_models", __name__, url_prefix="/v1/shared-models", description="Models that other owners share"
)

SHARES = "/<name>/shares"
SHARE = SHARES + "/<grantee>"
GRANTEES = named("grantee", OWNER_NAME)


@blueprint.route(SHARES)
@blueprint.answers(HTTPStatus.OK, ShareList)
@blueprint.fails(*NOT_FOUND)
def list_shares(name: str) -> Any:
    """List the owners that a model is shared with, all at once"""
    with context().deps.database.read() as session:
        models.get(session, owner(), name)
        return _listed([_share(row) for row in shares.of_model(session, owner(), name)])


@blueprint.route(SHARE, methods=["PUT"], parameters=GRANTEES)
@blueprint.answers(HTTPStatus.OK, ShareSchema)
@blueprint.fails(*NOT_FOUND)
def put_share(name: str, grantee: str) -> Any:
    """Share a model with another owner, who may predict with all of its versions as `owner/name`

    The other owner sees its predictions and what they need (features, outputs, numbers of versions), not its report,
    its files or where it comes from.
    """
    row = share.share(context().deps.database, owner(), name, grantee)
    tell()
    return _share(row)


@blueprint.route(SHARE, methods=["DELETE"], parameters=GRANTEES)
@blueprint.answers(HTTPStatus.NO_CONTENT)
@blueprint.fails(*NOT_FOUND)
def delete_share(name: str, grantee: str) -> Any:
    """Share a model with an owner no longer"""
    share.unshare(context().deps.database, owner(), name, grantee)
    tell()
    return Response(status=HTTPStatus.NO_CONTENT)


@shared_models.route("")
@shared_models.answers(HTTPStatus.OK, ShareList)
def list_shared_models() -> Any:
    """List the models that other owners share with the one who asks, all at once"""
    with context().deps.database.read() as session:
        return _listed([_share(row) for row in shares.with_owner(session, owner())])


def _share(row: ShareRow) -> dict[str, Any]:
    return {
        "model": f"{row.owner}/{row.model_name}",
        "owner": row.owner,
        "grantee": row.grantee,
        "created_at": row.created_at,
    }


def _listed(found: list[dict[str, Any]]) -> dict[str, Any]:
    return {"data": found, "has_more": False, "next": None}
