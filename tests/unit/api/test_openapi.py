from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import yaml
from flask.testing import FlaskClient

from service.api.openapi import text
from service.wiring import Deps
from tests import samples

METHODS = ("get", "put", "post", "patch", "delete")
FOREIGN = {"inference", "invocations"}


def operations() -> list[dict[str, Any]]:
    document = yaml.safe_load(text())
    return [methods[method] for methods in document["paths"].values() for method in METHODS if method in methods]


def test_same_code_gives_the_same_document() -> None:
    assert text() == text()


def test_every_operation_is_named_once_and_summed_up() -> None:
    names = [operation["operationId"] for operation in operations()]
    assert len(set(names)) == len(names)
    assert all(operation["summary"] for operation in operations())


def test_a_path_takes_the_methods_that_are_documented_of_it_and_says_so(client: FlaskClient) -> None:
    different = {}
    for path, methods in yaml.safe_load(text())["paths"].items():
        documented = {method.upper() for method in METHODS if method in methods}
        at = re.sub(r"{\w+}", "1", path)
        allowed = set(client.options(at).headers["Allow"].split(", ")) - {"OPTIONS", "HEAD"}
        if allowed != documented:
            different[path] = allowed
    assert different == {}
    refused = client.delete("/v1/jobs/validate")
    assert (refused.status_code, set(refused.headers["Allow"].split(", "))) == (405, {"OPTIONS", "POST"})


def test_every_error_is_a_problem() -> None:
    document = yaml.safe_load(text())
    for operation in operations():
        for status, answer in operation["responses"].items():
            if not status.startswith(("4", "default")):
                continue
            if FOREIGN & set(operation["tags"]):  # in the form that the clients of other servers read
                (schema,) = (content["schema"]["$ref"] for content in answer["content"].values())
                assert schema.endswith(("/InferenceError", "/InvocationError"))
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
        "create_key": {"application/json"},
        "create_webhook": {"application/json"},
        "put_key_limits": {"application/json"},
        "put_owner_limits": {"application/json"},
        "sign_in": {"application/json"},
        "upload_dataset": {"text/csv", "application/vnd.apache.parquet", "multipart/form-data"},
        "submit_job": {"application/json"},
        "validate_job": {"application/json"},
        "submit_batch_prediction": {"application/json"},
        "put_alias": {"application/json"},
        "patch_version": {"application/json"},
        "predict": rows,
        "predict_with_model": rows,
        "v2_infer": {"application/json", "application/octet-stream"},
        "v2_infer_version": {"application/json", "application/octet-stream"},
        "invoke": {"application/json", "text/csv", "application/jsonlines"},
        "invoke_model": {"application/json", "text/csv", "application/jsonlines"},
    }


def test_word_or_number_is_documented_as_both() -> None:
    spec = yaml.safe_load(text())["components"]["schemas"]["TrainingSpec"]["properties"]
    assert [choice["type"] for choice in spec["batch_size"]["anyOf"]] == ["string", "integer"]
    assert spec["batch_size"]["anyOf"][0]["enum"] == ["auto", "full"]


def test_successes_stand_before_errors_and_the_usual_one_first() -> None:
    for operation in operations():
        statuses = list(operation["responses"])
        assert statuses[0].startswith("2")
        assert statuses == sorted(statuses, key=lambda status: status >= "4")
    upload = next(operation for operation in operations() if operation["operationId"] == "upload_dataset")
    assert next(iter(upload["responses"])) == "202"


def test_every_array_says_what_is_in_it() -> None:
    def bare(node: Any) -> bool:
        if isinstance(node, list):
            return any(bare(item) for item in node)
        if not isinstance(node, dict):
            return False
        kinds = node.get("type") if isinstance(node.get("type"), list) else [node.get("type")]
        return ("array" in kinds and "items" not in node) or any(bare(item) for item in node.values())

    assert not bare(yaml.safe_load(text()))


def test_defaults_of_a_spec_are_left_to_the_server() -> None:
    spec = yaml.safe_load(text())["components"]["schemas"]["TrainingSpec"]["properties"]
    assert not [name for name, described in spec.items() if "default" in described]
    assert spec["scaler"]["description"].endswith('; default: "standard"')
    assert spec["epochs"]["description"].endswith('; default: "auto"')


VALUES = ("a", "A", "a b", "1", '"1"', '"1", "2"', '""', "*", "a.b-c_d", "-a", "a" * 64, "a" * 65, "a" * 101, "~")


def test_patterns_of_parameters_are_those_that_are_checked(deps: Deps, client: FlaskClient) -> None:
    samples.publish(deps, samples.price_predictor(), "1")  # what other names in paths stand for
    wrong, checked = [], set()
    for path, methods in yaml.safe_load(text())["paths"].items():
        for method in (one for one in METHODS if one in methods):
            for parameter in [*methods.get("parameters", ()), *methods[method].get("parameters", ())]:
                place, name = parameter.get("in"), parameter.get("name")
                pattern = parameter.get("schema", {}).get("pattern")
                if pattern is None or place not in ("path", "header"):
                    continue
                checked.add(name)
                for value in VALUES:
                    at = path.replace(f"{{{name}}}", quote(value, safe="")) if place == "path" else path
                    headers = {name: value} if place == "header" else {}
                    answer = client.open(re.sub(r"{\w+}", "1", at), method=method.upper(), headers=headers)
                    told = {error["pointer"] for error in (answer.json or {}).get("errors", ())}
                    is_right, is_named = re.search(pattern, value) is not None, f"/{name}" in told
                    is_refused = answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
                    if (is_named if is_right else answer.status_code < HTTPStatus.BAD_REQUEST) or (
                        method == "put" and place == "path" and is_right in (is_refused, is_named)
                    ):
                        wrong.append((method, path, name, value, answer.status_code))
    assert wrong == []
    assert checked >= {"alias", "grantee", "If-Match", "Idempotency-Key"}
