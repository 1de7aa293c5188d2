"""Errors as other servers' clients read them: with the members that these look for, and ours beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import flask_smorest
import marshmallow as ma
from marshmallow import fields

from service.api.blueprints import Blueprint, View
from service.api.schemas import Answer, ProblemError, says

MEDIA_TYPE = "application/json"
# by HTTP status, in MLflow's words; a status that it has no word for goes by its own name
MLFLOW_CODES = {
    HTTPStatus.NOT_FOUND: "RESOURCE_DOES_NOT_EXIST",
    HTTPStatus.INTERNAL_SERVER_ERROR: "INTERNAL_ERROR",
    HTTPStatus.SERVICE_UNAVAILABLE: "TEMPORARILY_UNAVAILABLE",
}


class _Ours(Answer):
    code = fields.String(required=True, metadata=says("stable: decide by it", example="rows_invalid"))
    request_id = fields.String(required=True)
    errors = fields.List(fields.Nested(ProblemError))


class InferenceError(_Ours):
    """$infer_error_response of the Open Inference Protocol."""

    error = fields.String(required=True, metadata=says("what is wrong, and what mends it"))


class InvocationError(_Ours):
    """As MLflow's scoring server says it; SageMaker hands it on as it is."""

    error_code = fields.String(required=True, metadata=says("MLflow's", example="BAD_REQUEST"))
    message = fields.String(required=True, metadata=says("what is wrong, and what mends it"))


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


class ForeignBlueprint(Blueprint):
    """Operations whose errors have another server's form; `error_schema` documents it."""

    def __init__(self, *arguments: Any, error_schema: type[ma.Schema], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._error_schema = error_schema
        prepare: list[Any] = self._prepare_doc_cbks
        prepare[prepare.index(self._prepare_response_doc)] = self._foreign_response_doc

    def fails(self, *statuses: HTTPStatus) -> Callable[[View], View]:
        def decorate(view: View) -> View:
            for status in statuses:
                view = self.also_answers(status, self._error_schema)(view)
            return view

        return decorate

    def _foreign_response_doc(self, doc: dict[str, Any], doc_info: dict[str, Any], **parts: Any) -> dict[str, Any]:
        prepared: dict[str, Any] = flask_smorest.Blueprint._prepare_response_doc(doc, doc_info, **parts)
        content = {MEDIA_TYPE: {"schema": self._error_schema}}
        prepared["responses"]["default"] = {"description": "Something else is wrong", "content": content}
        return prepared
