"""Answers that are given before Flask, or in the place of the thread that would give one."""

from __future__ import annotations

from typing import Any

from service.api.http import access, problems
from service.errors import AdalineError, Unavailable

EarlyAnswer = tuple[int, list[tuple[str, str]], bytes]


def problem(error: AdalineError, environ: dict[str, Any], request_id: str) -> EarlyAnswer:
    """The status, headers and body that tell of an error, in the form that is usual at the request's path."""
    status, media_type, body = problems.described(
        problems.status_of(error), error.code, error.title, error.detail, path_of(environ), request_id
    )
    headers = [("Content-Type", media_type), ("Content-Length", str(len(body))), *standing(request_id)]
    if isinstance(error, Unavailable):
        headers.append(("Retry-After", str(problems.RETRY_SECONDS)))
    return status, headers, body


def standing(request_id: str) -> list[tuple[str, str]]:
    """The headers of every answer."""
    return [(access.HEADER, request_id), *access.ALWAYS.items()]


def request_id_of(environ: dict[str, Any]) -> str:
    return access.id_of(environ.get("HTTP_X_REQUEST_ID", ""))


def path_of(environ: dict[str, Any]) -> str:
    """The path as text: WSGI has its bytes as Latin-1."""
    return str(environ["PATH_INFO"]).encode("latin-1").decode(errors="replace")
