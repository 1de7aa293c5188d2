"""What is said when something is wrong (RFC 9457)."""

from __future__ import annotations

from marshmallow import fields

from service.api.schemas.answer import Answer, one_of, says


class Reason(Answer):
    code = fields.String(required=True)
    detail = fields.String(required=True)


class ProblemError(Answer):
    pointer = fields.String(required=True, metadata=says("JSON pointer into the body, or to a parameter's name"))
    detail = fields.String(required=True, metadata=says("what is wrong there, and how to fix it"))


class Reference(Answer):
    """A job by its id, kind and state; a version by its model and number."""

    type = fields.String(required=True, validate=one_of(("job", "version")))
    id = fields.String()
    kind = fields.String()
    state = fields.String()
    model = fields.String()
    version = fields.Integer()


class ProblemSchema(Answer):
    """RFC 9457."""

    type = fields.String(required=True, metadata=says("the code, as a URN"))
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True, metadata=says("what is wrong, and how to fix it"))
    instance = fields.String(required=True)
    code = fields.String(required=True, metadata=says("stable; branch on this", example="dataset_not_found"))
    request_id = fields.String(required=True)
    errors = fields.List(fields.Nested(ProblemError))
    references = fields.List(
        fields.Nested(Reference), metadata=says("if a dataset is in use: the newest jobs and versions made from it")
    )
    reason = fields.String(metadata=says("in a preview: the code of the error that the dataset would end with"))
