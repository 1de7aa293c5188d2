"""Errors as other servers' clients read them: with the members that these look for, and ours beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

MEDIA_TYPE = "application/json"
# by HTTP status, in MLflow's words; a status that it has no word for goes by its own name
MLFLOW_CODES = {
    HTTPStatus.UNAUTHORIZED: "UNAUTHENTICATED",
    HTTPStatus.FORBIDDEN: "PERMISSION_DENIED",
    HTTPStatus.NOT_FOUND: "RESOURCE_DOES_NOT_EXIST",
    HTTPStatus.INTERNAL_SERVER_ERROR: "INTERNAL_ERROR",
    HTTPStatus.SERVICE_UNAVAILABLE: "TEMPORARILY_UNAVAILABLE",
}


def in_foreign_form(path: str, problem: Mapping[str, Any]) -> dict[str, Any] | None:
    """The members of an answer on another server's path, `status` among them; None on our own paths."""
    members = _members_for(path)
    if members is None:
        return None
    status = HTTPStatus(problem["status"])
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:  # these servers know one status for input that is wrong
        status = HTTPStatus.BAD_REQUEST
    ours = {name: problem[name] for name in ("code", "request_id", "errors") if name in problem}
    return {**members(status, _with_place(problem)), **ours, "status": status.value}


def _with_place(problem: Mapping[str, Any]) -> str:
    """The detail with the place that it is about: all that most of these clients show."""
    detail: str = problem["detail"]
    place: str = problem["errors"][0]["pointer"] if problem.get("errors") else ""
    return detail if not place or detail.startswith(place) else f"{place}: {detail}"


def _members_for(path: str) -> Callable[[HTTPStatus, str], dict[str, str]] | None:
    if path == "/v2" or path.startswith("/v2/"):
        return lambda _, detail: {"error": detail}
    if path == "/invocations" or (path.startswith("/models/") and path.endswith("/invocations")):
        return lambda status, detail: {"error_code": MLFLOW_CODES.get(status, status.name), "message": detail}
    return None
