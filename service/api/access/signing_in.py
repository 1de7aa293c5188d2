"""/v1/session: who asks; and pages that sign in with a key, and are then known by a cookie."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Response, jsonify, request

from service.api.admission.admit import identity, session
from service.api.blueprints import Blueprint
from service.api.context import context
from service.api.http.documents import document_limit, load, read_object
from service.api.http.sessions import COOKIE, SESSION_SECONDS
from service.api.schemas import keys as schemas
from service.domain.access.identity import Identity
from service.domain.access.keys import read_key
from service.domain.access.scopes import SCOPES
from service.errors import KeyInvalid

blueprint = Blueprint("session", __name__, url_prefix="/v1/session", description="Who asks, and sessions of pages")


@blueprint.route("", methods=["POST"])
@blueprint.answers(HTTPStatus.OK, schemas.SessionSchema)
@blueprint.fails(HTTPStatus.UNAUTHORIZED, HTTPStatus.UNPROCESSABLE_ENTITY)
@blueprint.takes(schemas.SignInRequest, {"key": "adl_…"})
def sign_in() -> Any:
    """Sign in with a key: a cookie that is good in its place for 12 hours, for this server's own pages

    With the cookie alone, what changes something needs the header X-CSRF-Token with the token of this answer.
    """
    here = context()
    asked = load(schemas.SignInRequest, read_object(request, document_limit(here.deps.settings)))
    given = read_key(asked["key"])
    if given is None:
        raise KeyInvalid("/key has not the form of a key, adl_<id>_<secret>")
    who = here.keys.opened(given)
    started = here.sessions.start(given.id)
    answer = jsonify(_told(who, started.csrf_token))
    answer.set_cookie(COOKIE, started.cookie, max_age=SESSION_SECONDS, **_only_here())
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.route("")
@blueprint.answers(HTTPStatus.OK, schemas.SessionSchema)
def get_session() -> Any:
    """Get who asks: the owner, what the key opens, and for a session its CSRF token"""
    found = session()
    told = _told(identity(), None if found is None else found.csrf_token)
    return told, {"Cache-Control": "no-store"}


@blueprint.route("", methods=["DELETE"])
@blueprint.answers(HTTPStatus.NO_CONTENT)
def sign_out() -> Any:
    """Sign out: the browser forgets the cookie; revoking the key ends all sessions of it everywhere"""
    answer = Response(status=HTTPStatus.NO_CONTENT)
    answer.delete_cookie(COOKIE, **_only_here())
    return answer


def _told(who: Identity, csrf_token: str | None) -> dict[str, Any]:
    scopes = [scope for scope in SCOPES if scope in who.scopes]
    return {"owner": who.owner, "scopes": scopes, "key": who.key, "csrf_token": csrf_token}


def _only_here() -> dict[str, Any]:
    """Sent back by this server's own pages alone, out of their scripts' reach; and where they came by TLS, only so.

    Behind a proxy that speaks TLS, its header or the page's own origin says so. Whoever forges one only keeps his own
    browser from sending the cookie.
    """
    forwarded = request.headers.get("X-Forwarded-Proto", "").split(",")[0].strip()
    origin = request.headers.get("Origin", "")
    is_secure = request.is_secure or forwarded == "https" or origin.startswith("https://")
    return {"path": "/", "httponly": True, "samesite": "Strict", "secure": is_secure}
