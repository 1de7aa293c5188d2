"""The API keeps to its own document, whatever it is sent: no 5xx, only documented answers, each by its schema. Keys are
on: who has none gets nothing else than what the document says either."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from schemathesis.transport.serialization import Binary

from service.api import context
from service.api.app import bare_app
from service.api.foreign.invocations import LINES
from service.api.predictions.codecs import ARROW, NDJSON, PARQUET
from service.domain.access.owners import DEFAULT_OWNER
from service.settings import Settings
from service.usecases.keys import create_key
from service.wiring import wire
from tests import samples

CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
]


@schemathesis.serializer(ARROW, PARQUET, NDJSON, LINES)
def as_it_is(_context: schemathesis.SerializationContext, value: object) -> bytes:
    """Bytes that are tried as a table."""
    return value.data if isinstance(value, Binary) else str(value).encode()


KEY: dict[str, str] = {}
APP, _ = bare_app()  # its document decides which tests there are
schema = schemathesis.openapi.from_wsgi("/openapi.json", APP)


@pytest.fixture(scope="module", autouse=True)
def parts(tmp_path_factory: pytest.TempPathFactory, valkey_url: str, empty_database: Path) -> Iterator[None]:
    """A dataset, a job, two models, and a key that opens everything."""
    data = tmp_path_factory.mktemp("contract")
    (data / "adaline.db").write_bytes(empty_database.read_bytes())
    deps = wire(Settings(data=data, broker_url=valkey_url, wait_seconds=0.1))
    samples.dataset(deps, id="ds_1")
    samples.job(deps, id="job_1")
    samples.publish(deps, samples.price_predictor(), "houses")
    samples.publish(deps, samples.kind_predictor(), "animals")
    context.attach(APP, deps)
    KEY["Authorization"] = f"Bearer {create_key(deps.database, DEFAULT_OWNER, 'contract', ['admin']).text}"
    yield
    deps.close()


@schema.parametrize()
@hypothesis.settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(hypothesis.HealthCheck),
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
)
def test_api_keeps_to_its_document(case: schemathesis.Case) -> None:
    for name in case.path_parameters or {}:
        known = {"id": "job_1" if "/jobs/" in case.path else "ds_1", "name": "houses", "ref": "animals", "version": 1}
        if name in known and len(str(case.path_parameters)) % 2:
            case.path_parameters[name] = known[name]
    case.call_and_validate(checks=CHECKS, headers=KEY)


@schema.parametrize()
@hypothesis.settings(
    max_examples=1,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(hypothesis.HealthCheck),
    phases=[hypothesis.Phase.generate],
)
def test_who_has_no_key_gets_a_documented_answer(case: schemathesis.Case) -> None:
    case.call_and_validate(checks=CHECKS, headers={"Authorization": "Bearer none"})
