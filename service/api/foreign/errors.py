"""How the errors of other servers' protocols are documented, and the blueprint of operations that answer them."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import flask_smorest
import marshmallow as ma
from marshmallow import fields

from service.api.blueprints import Blueprint, View
from service.api.http.foreign_errors import MEDIA_TYPE
from service.api.schemas.answer import Answer, says
from service.api.schemas.problems import ProblemError


class _Ours(Answer):
    code = fields.String(required=True, metadata=says("stable; branch on this", example="rows_invalid"))
    request_id = fields.String(required=True)
    errors = fields.List(fields.Nested(ProblemError))


class InferenceError(_Ours):
    """$infer_error_response of the Open Inference Protocol."""

    error = fields.String(required=True, metadata=says("what is wrong, and how to fix it"))


class InvocationError(_Ours):
    """An error as MLflow's scoring server writes it; SageMaker passes it on unchanged."""

    error_code = fields.String(required=True, metadata=says("MLflow's", example="BAD_REQUEST"))
    message = fields.String(required=True, metadata=says("what is wrong, and how to fix it"))


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
        prepared["responses"]["default"] = {"description": "Any other error", "content": content}
        return prepared
