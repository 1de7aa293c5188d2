"""What is wrong, as RFC 9457 problem documents. Which error has which HTTP status is said here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

import orjson
import structlog
from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from service.api.http.foreign_errors import MEDIA_TYPE as FOREIGN_MEDIA_TYPE
from service.api.http.foreign_errors import in_foreign_form
from service.errors import (
    AdalineError,
    AliasChanged,
    BodyMalformed,
    BodyTooLarge,
    BodyTooSlow,
    CallerRefused,
    Conflict,
    DatasetInUse,
    FieldError,
    HostInvalid,
    HostNotAllowed,
    IdempotencyKeyReused,
    InputInvalid,
    KeyMissing,
    LengthRequired,
    MediaTypeUnsupported,
    NotFound,
    NotPermitted,
    StorageFull,
    TooMuch,
    Unauthenticated,
    Unavailable,
    UploadInvalid,
)

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 1  # when to come back to work that has begun, or to what is away
MOST_ERRORS = 50

STATUS: Mapping[type[AdalineError], HTTPStatus] = {
    AdalineError: HTTPStatus.INTERNAL_SERVER_ERROR,
    InputInvalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    BodyMalformed: HTTPStatus.BAD_REQUEST,
    MediaTypeUnsupported: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    LengthRequired: HTTPStatus.LENGTH_REQUIRED,
    BodyTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    BodyTooSlow: HTTPStatus.REQUEST_TIMEOUT,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    AliasChanged: HTTPStatus.PRECONDITION_FAILED,
    IdempotencyKeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    NotPermitted: HTTPStatus.FORBIDDEN,
    CallerRefused: HTTPStatus.FORBIDDEN,
    HostInvalid: HTTPStatus.BAD_REQUEST,
    HostNotAllowed: HTTPStatus.MISDIRECTED_REQUEST,
    TooMuch: HTTPStatus.TOO_MANY_REQUESTS,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    StorageFull: HTTPStatus.INSUFFICIENT_STORAGE,
}

log = structlog.get_logger(__name__)


def status_of(error: AdalineError) -> HTTPStatus:
    """The HTTP status of an error: that of its nearest ancestor in STATUS."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def register(app: Flask) -> None:
    """Answer every error of the app with a problem document."""
    app.register_error_handler(AdalineError, of_error)
    app.register_error_handler(HTTPException, of_http_error)
    app.register_error_handler(Exception, of_surprise)


def of_error(error: AdalineError) -> Response:
    """The answer to one of our own errors."""
    status = status_of(error)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("request failed", code=error.code, exc_info=error)
    elif status > HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("request refused", code=error.code, detail=error.detail)
    errors = error.errors if isinstance(error, InputInvalid) else ()
    answer = _problem(status, error.code, error.title, error.detail, errors, _more(error))
    if isinstance(error, Unavailable):
        answer.headers["Retry-After"] = str(RETRY_SECONDS)
    if isinstance(error, TooMuch):
        answer.headers.extend(error.headers)
        if error.retry_after is not None:
            answer.headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, Unauthenticated | NotPermitted):
        answer.headers["WWW-Authenticate"] = _challenge(error)
    return answer


def _challenge(error: Unauthenticated | NotPermitted) -> str:
    """What to send (RFC 6750, section 3): nothing of what was sent is repeated in it."""
    if isinstance(error, KeyMissing):
        return 'Bearer realm="adaline"'
    what = "invalid_token" if isinstance(error, Unauthenticated) else "insufficient_scope"
    return f'Bearer realm="adaline", error="{what}"'


def _more(error: AdalineError) -> dict[str, Any]:
    """What a problem has beside the usual members (RFC 9457, 3.2)."""
    if isinstance(error, UploadInvalid) and error.reason:
        return {"reason": error.reason}
    return {"references": list(error.references)} if isinstance(error, DatasetInUse) else {}


def of_http_error(error: HTTPException) -> Response | HTTPException:
    """The answer to an error of the framework: an unknown path, a method that is not allowed."""
    if error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return error  # a redirect is no problem
    status = HTTPStatus(error.code)
    answer = _problem(status, status.name.lower(), status.phrase, _in_our_words(error, status))
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            answer.headers[name] = value
    return answer


def _in_our_words(error: HTTPException, status: HTTPStatus) -> str:
    if status == HTTPStatus.NOT_FOUND:
        return f"nothing is at {request.path}; GET /openapi.json lists all paths, and GET /docs shows them"
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
        return f"{request.method} is not allowed for {request.path}; use {allowed}"
    return error.description or status.phrase


def of_surprise(error: Exception) -> Response:
    """The answer to what nobody foresaw: logged with its trace, told without it."""
    log.error("unexpected error", exc_info=error)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    detail = "internal error; the server's log has the details under this request_id"
    return _problem(status, AdalineError.code, AdalineError.title, detail)


def _problem(
    status: HTTPStatus,
    code: str,
    title: str,
    detail: str,
    errors: Iterable[FieldError] | None = None,
    more: Mapping[str, Any] = MappingProxyType({}),
) -> Response:
    request_id = g.get("request_id", "")
    number, media_type, text = described(status, code, title, detail, request.path, request_id, errors, more)
    return Response(text, number, mimetype=media_type)


def described(
    status: HTTPStatus,
    code: str,
    title: str,
    detail: str,
    path: str,
    request_id: str,
    errors: Iterable[FieldError] | None = None,
    more: Mapping[str, Any] = MappingProxyType({}),
) -> tuple[int, str, bytes]:
    """The status, media type and text of a problem at a path, in the form that is usual there."""
    document: dict[str, Any] = {
        "type": f"urn:adaline:problem:{code}",
        "title": title,
        "status": status.value,
        "detail": detail,
        "instance": path,
        "code": code,
        "request_id": request_id,
    }
    document |= more
    if errors:
        document["errors"] = [
            {"pointer": error.pointer, "detail": error.detail} for error in list(errors)[:MOST_ERRORS]
        ]
    if foreign := in_foreign_form(path, document):
        return foreign["status"], FOREIGN_MEDIA_TYPE, orjson.dumps(foreign)
    return status.value, MEDIA_TYPE, orjson.dumps(document)
