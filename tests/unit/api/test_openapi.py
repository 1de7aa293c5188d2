from __future__ import annotations

from typing import Any

import yaml

from service.api.openapi import text

METHODS = ("get", "put", "post", "delete")


def operations() -> list[dict[str, Any]]:
    document = yaml.safe_load(text())
    return [methods[method] for methods in document["paths"].values() for method in METHODS if method in methods]


def test_same_code_gives_the_same_document() -> None:
    assert text() == text()


def test_every_operation_is_named_once_and_summed_up() -> None:
    names = [operation["operationId"] for operation in operations()]
    assert len(set(names)) == len(names)
    assert all(operation["summary"] for operation in operations())


def test_every_error_is_a_problem() -> None:
    document = yaml.safe_load(text())
    for operation in operations():
        for status, answer in operation["responses"].items():
            if not status.startswith(("4", "default")):
                continue
            name = answer["$ref"].rsplit("/", 1)[-1]
            assert list(document["components"]["responses"][name]["content"]) == ["application/problem+json"]


def test_every_body_that_is_taken_is_documented() -> None:
    taken = {
        operation["operationId"]: set(operation["requestBody"]["content"])
        for operation in operations()
        if "requestBody" in operation
    }
    rows = {
        "application/json",
        "application/x-ndjson",
        "text/csv",
        "application/vnd.apache.arrow.stream",
        "application/vnd.apache.parquet",
    }
    assert taken == {
        "upload_dataset": {"text/csv", "application/vnd.apache.parquet", "multipart/form-data"},
        "submit_job": {"application/json"},
        "validate_job": {"application/json"},
        "submit_batch_prediction": {"application/json"},
        "put_alias": {"application/json"},
        "predict": rows,
        "predict_with_model": rows,
    }


def test_word_or_number_is_documented_as_both() -> None:
    spec = yaml.safe_load(text())["components"]["schemas"]["TrainingSpec"]["properties"]
    assert [choice["type"] for choice in spec["batch_size"]["anyOf"]] == ["string", "integer"]
    assert spec["batch_size"]["anyOf"][0]["enum"] == ["auto", "full"]
