"""The document's examples are what it says they are examples of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator

from service.api.app import bare_app

_, DOCUMENT = bare_app()
METHODS = ("get", "put", "post", "patch", "delete")


def contents() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every body and answer in the document: its operation, which of them it is, and the media type's entry."""
    for methods in DOCUMENT["paths"].values():
        for operation in (methods[method] for method in METHODS if method in methods):
            name = operation["operationId"]
            for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
                yield name, f"body {media_type}", content
            for status, answer in operation["responses"].items():
                for media_type, content in answer.get("content", {}).items():
                    yield name, f"{status} {media_type}", content


def examples(content: dict[str, Any]) -> list[Any]:
    several = [one["value"] for one in content.get("examples", {}).values()]
    return [*several, content["example"]] if "example" in content else several


def errors(schema: dict[str, Any], value: Any) -> list[str]:
    validator = Draft202012Validator({**schema, "components": DOCUMENT["components"]})
    return [f"{list(error.path)}: {error.message}" for error in validator.iter_errors(value)]


def test_every_example_is_as_its_schema_says() -> None:
    wrong = [
        (operation, what, found)
        for operation, what, content in contents()
        for value in examples(content)
        if (found := errors(content["schema"], value))
    ]
    assert wrong == []


def test_every_body_of_text_or_json_has_an_example() -> None:
    bare = [
        (operation, what)
        for operation, what, content in contents()
        if what.startswith("body") and content["schema"].get("format") != "binary" and not examples(content)
    ]
    assert bare == [("upload_dataset", "body multipart/form-data")]  # a file has no example


def test_answers_of_the_main_operations_have_examples() -> None:
    shown = {operation for operation, what, content in contents() if what.startswith("2") and examples(content)}
    assert shown >= {
        "upload_dataset", "get_dataset", "validate_job", "submit_job", "get_job", "get_model", "get_version",
        "put_alias", "predict", "predict_with_model", "v2_model", "v2_infer", "invoke", "invoke_model",
    }  # fmt: skip


def test_examples_of_properties_are_as_their_schemas_say() -> None:
    wrong = [
        (schema, name, found)
        for schema, described in DOCUMENT["components"]["schemas"].items()
        for name, of in described.get("properties", {}).items()
        if "example" in of and (found := errors(of, of["example"]))
    ]
    assert wrong == []
