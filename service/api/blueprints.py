"""flask-smorest's Blueprint, typed: what is documented is what is checked, and no parameter is ignored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, NoReturn, TypeVar, cast

import flask_smorest
import marshmallow as ma
from flask import Flask, Request, current_app, request
from webargs.flaskparser import FlaskParser

from service.api.admission.rules import rule_of
from service.api.admission.security import security_of
from service.api.filters import Prefixed
from service.domain.spec.fields import flatten
from service.errors import FieldError, ParameterInvalid

# what is no JSON, is too large, or says that it is something else
UNREADABLE = (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)

View = TypeVar("View", bound=Callable[..., Any])


class ParameterParser(FlaskParser):
    """Reads parameters by their schema. Raises ParameterInvalid."""

    def handle_error(self, error: ma.ValidationError, req: Request, schema: ma.Schema, **_: Any) -> NoReturn:
        (messages,) = cast(Mapping[str, Any], error.messages).values()
        errors = flatten(messages)
        raise ParameterInvalid(f"{errors[0].pointer.lstrip('/')}: {errors[0].detail}", errors) from None


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]  # flask-smorest ships no types
    """A group of operations. The name of a view is its operationId, its docstring the summary."""

    ARGUMENTS_PARSER = ParameterParser()

    def route(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Serve and document a view, as its rule lets it. Raises LookupError for a view without a rule."""
        register = super().route(rule, **options)

        def documented(view: View) -> View:
            needed = rule_of(view.__name__)
            if not needed.is_public:
                view = self.fails(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)(view)
            return cast(View, register(self.doc(operationId=view.__name__, security=security_of(needed))(view)))

        return documented

    def query(self, schema: type[ma.Schema]) -> Callable[[View], View]:
        """Hand the view its query parameters, as the schema reads them."""
        return cast(Callable[[View], View], self.arguments(schema(), location="query"))

    def headers(self, schema: type[ma.Schema]) -> Callable[[View], View]:
        """Hand the view its request headers, as the schema reads them."""
        return cast(Callable[[View], View], self.arguments(schema(), location="headers"))

    def answers(self, status: HTTPStatus, schema: Any = None, **documentation: Any) -> Callable[[View], View]:
        """Turn what the view returns into the answer, and document it."""
        return cast(Callable[[View], View], self.response(int(status), schema, **documentation))

    def also_answers(self, status: HTTPStatus, schema: Any = None, **documentation: Any) -> Callable[[View], View]:
        """Document another answer of the view."""
        return cast(Callable[[View], View], self.alt_response(int(status), schema=schema, **documentation))

    def fails(self, *statuses: HTTPStatus) -> Callable[[View], View]:
        """Document the problems that the view may answer with."""

        def decorate(view: View) -> View:
            responses = _apidoc(view).setdefault("response", {}).setdefault("responses", {})
            for status in statuses:
                responses.setdefault(int(status), []).append(status.name)
            return view

        return decorate

    def takes(self, schema: Any, example: Any) -> Callable[[View], View]:
        """Document the JSON that the view reads with `read_object`, and the problems of a body that cannot be read."""
        body = {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}

        def decorate(view: View) -> View:
            return self.described(requestBody=body)(self.fails(*UNREADABLE)(view))

        return decorate

    def described(self, **documentation: Any) -> Callable[[View], View]:
        """Add to the document by hand."""
        return cast(Callable[[View], View], self.doc(**documentation))


def named(parameter: str, pattern: str) -> list[dict[str, Any]]:
    """What a route says of a parameter of its path whose value matches this as a whole."""
    schema = {"type": "string", "pattern": f"^{pattern}$"}
    return [{"in": "path", "name": parameter, "required": True, "schema": schema}]


def _apidoc(view: Any) -> dict[str, Any]:
    """Where flask-smorest keeps what is documented of a view; by its own decorators, each a call deeper."""
    if not hasattr(view, "_apidoc"):
        view._apidoc = {}
    documented: dict[str, Any] = view._apidoc
    return documented


def register(app: Flask) -> None:
    """Refuse query parameters that the operation does not have."""
    app.before_request(_no_unknown_parameters)


def _no_unknown_parameters() -> None:
    documented = getattr(current_app.view_functions.get(request.endpoint or ""), "_apidoc", None)
    if documented is None or not request.args:
        return
    known: dict[str, bool] = {}  # and whether it may be given more than once
    prefixes: list[str] = []
    for parameters in documented.get("arguments", {}).get("parameters", ()):
        if parameters["in"] == "query":
            for name, field in parameters["schema"].fields.items():
                if isinstance(field, Prefixed):
                    prefixes.append(field.prefix)
                else:
                    known[field.data_key or name] = isinstance(field, ma.fields.List)
    words = [*sorted(known), *(f"{prefix}KEY" for prefix in prefixes)]
    understood = f"this operation has {', '.join(words)}" if words else "this operation has none"
    for name, values in request.args.lists():
        if name not in known and not any(name.startswith(prefix) and name != prefix for prefix in prefixes):
            raise _wrong(name, f"is not a query parameter here; {understood}")
        if len(values) > 1 and not known.get(name, False):
            raise _wrong(name, "is given more than once; give it once")


def _wrong(name: str, detail: str) -> ParameterInvalid:
    return ParameterInvalid(f"{name}: {detail}", [FieldError("/" + name.replace("~", "~0").replace("/", "~1"), detail)])
