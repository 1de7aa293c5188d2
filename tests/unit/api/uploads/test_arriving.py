"""What may come as an upload, and what is said to the rest."""

from __future__ import annotations

import gzip
import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.store.tables import DatasetRow
from service.wiring import Deps
from tests.samples import parquet

CSV = b"a,b\n1,2\n3,4\n"


def upload(client: FlaskClient, data: bytes = CSV, path: str = "/v1/datasets", **headers: str) -> TestResponse:
    return client.post(path, data=data, headers={"Content-Type": "text/csv", **headers})


def form(boundary: str, *parts: tuple[str, bytes], end: bool = True) -> bytes:
    body = b"".join(
        f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode() + data + b"\r\n"
        for disposition, data in parts
    )
    return body + (f"--{boundary}--\r\n".encode() if end else b"")


def spooled(deps: Deps) -> list[Path]:
    return list((deps.settings.data / "blobs" / "spool").iterdir())


def test_body_becomes_a_dataset_that_is_being_read(client: FlaskClient, deps: Deps) -> None:
    answer = upload(client, path="/v1/datasets?name=mine&delimiter=tab&header=true")
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/v1/datasets/{answer.json['id']}"
    assert answer.headers["Retry-After"] == "1"
    assert answer.json["state"] == "ingesting"
    assert answer.json["name"] == "mine"
    assert answer.json["sha256"] == hashlib.sha256(CSV).hexdigest()
    assert answer.json["bytes"] == len(CSV)
    assert client.get(answer.headers["Location"] + "/content").data == CSV
    assert spooled(deps) == []


def test_worker_is_woken(client: FlaskClient, deps: Deps) -> None:
    from service.queue import INGEST

    before = deps.queue.waiting(INGEST)
    upload(client)
    assert deps.queue.waiting(INGEST) == before + 1


def test_same_bytes_and_options_are_the_same_dataset(client: FlaskClient) -> None:
    first, again = upload(client), upload(client, gzip.compress(CSV), **{"Content-Encoding": "gzip"})
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json["id"] == again.json["id"]
    other = upload(client, path="/v1/datasets?header=false")
    assert other.status_code == 202
    assert other.json["id"] != first.json["id"]


def test_file_of_a_form_means_the_same_as_a_body(client: FlaskClient) -> None:
    first = upload(client, path="/v1/datasets?delimiter=%2C&header=true")
    again = client.post(
        "/v1/datasets", data={"file": (io.BytesIO(CSV), "houses.csv"), "delimiter": ",", "header": "true"}
    )
    assert again.status_code == 200
    assert again.json["id"] == first.json["id"]


def test_form_names_the_dataset_by_its_file(client: FlaskClient) -> None:
    answer = client.post("/v1/datasets", data={"file": (io.BytesIO(CSV), "data/houses.csv")})
    assert answer.json["name"] == "houses.csv"


def test_form_fields_may_come_after_the_file(client: FlaskClient) -> None:
    body = form("b", ('name="file"; filename="x.csv"', CSV), ('name="name"', b"mine"))
    answer = client.post("/v1/datasets", data=body, headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert (answer.status_code, answer.json["name"]) == (202, "mine")


def test_large_file_of_a_form_arrives_byte_for_byte(client: FlaskClient) -> None:
    data = b"".join(b"%d,%d\r\n--%d\n" % (number, number, number) for number in range(100_000))
    body = form("b", ('name="file"; filename="x.csv"', data))
    answer = client.post("/v1/datasets", data=body, headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert answer.json["sha256"] == hashlib.sha256(data).hexdigest()


BAD: dict[str, tuple[dict[str, Any], int, str, str]] = {
    "no body": ({"headers": {"Content-Type": "text/csv"}}, 422, "upload_invalid", "empty"),
    "no body and no type": ({}, 415, "media_type_unsupported", "text/csv"),
    "curl's default type": (
        {"data": CSV, "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        415,
        "media_type_unsupported",
        "Content-Type: text/csv",
    ),
    "Parquet that breaks off": (
        {"data": b"PAR1 and then nothing", "headers": {"Content-Type": "application/vnd.apache.parquet"}},
        400,
        "body_malformed",
        "truncated",
    ),
    "CSV sent as Parquet": (
        {"data": CSV, "headers": {"Content-Type": "application/vnd.apache.parquet"}},
        400,
        "body_malformed",
        "text/csv",
    ),
    "Parquet sent as CSV": (
        {"data": parquet({"a": [1]}), "headers": {"Content-Type": "text/csv"}},
        400,
        "body_malformed",
        "Parquet",
    ),
    "JSON sent as CSV": (
        {"data": b'[{"a": 1}]', "headers": {"Content-Type": "text/csv"}},
        400,
        "body_malformed",
        "JSON",
    ),
    "gzip without saying so": (
        {"data": gzip.compress(CSV), "headers": {"Content-Type": "text/csv"}},
        400,
        "body_malformed",
        "Content-Encoding: gzip",
    ),
    "gzip in name only": (
        {"data": CSV, "headers": {"Content-Type": "text/csv", "Content-Encoding": "gzip"}},
        400,
        "body_malformed",
        "gzip",
    ),
    "unknown encoding": (
        {"data": CSV, "headers": {"Content-Type": "text/csv", "Content-Encoding": "br"}},
        415,
        "media_type_unsupported",
        "gzip or zstd",
    ),
    "empty gzip": (
        {"data": gzip.compress(b""), "headers": {"Content-Type": "text/csv", "Content-Encoding": "gzip"}},
        422,
        "upload_invalid",
        "empty",
    ),
    "form without a file": (
        {"data": {"name": "x"}, "content_type": "multipart/form-data"},
        422,
        "upload_invalid",
        "-F file=@",
    ),
    "form with an empty file": ({"data": {"file": (io.BytesIO(b""), "x.csv")}}, 422, "upload_invalid", "empty"),
    "form without a boundary": (
        {"data": CSV, "headers": {"Content-Type": "multipart/form-data"}},
        400,
        "body_malformed",
        "boundary",
    ),
    "form that is none": (
        {"data": CSV, "headers": {"Content-Type": "multipart/form-data; boundary=b"}},
        400,
        "body_malformed",
        "multipart",
    ),
    "form that breaks off": (
        {
            "data": form("b", ('name="file"; filename="x"', CSV), end=False),
            "headers": {"Content-Type": "multipart/form-data; boundary=b"},
        },
        400,
        "body_malformed",
        "truncated",
    ),
    "form of many parts": (
        {
            "data": form("b", *[('name="file"; filename="x"', CSV)] * 30),
            "headers": {"Content-Type": "multipart/form-data; boundary=b"},
        },
        422,
        "parameter_invalid",
        "one file",
    ),
    "file as text": (
        {"data": {"file": "a,b"}, "content_type": "multipart/form-data"},
        422,
        "parameter_invalid",
        "file",
    ),
    "unknown field": (
        {"data": {"file": (io.BytesIO(CSV), "x"), "colour": "red"}},
        422,
        "parameter_invalid",
        "colour",
    ),
    "form field that is wrong": (
        {"data": {"file": (io.BytesIO(CSV), "x"), "delimiter": "ab"}},
        422,
        "parameter_invalid",
        "delimiter",
    ),
    "field that is not UTF-8": (
        {
            "data": form("b", ('name="name"', b"\xff"), ('name="file"; filename="x"', CSV)),
            "headers": {"Content-Type": "multipart/form-data; boundary=b"},
        },
        422,
        "parameter_invalid",
        "UTF-8",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_upload_is_refused_and_leaves_nothing(client: FlaskClient, deps: Deps, case: str) -> None:
    request, status, code, says = BAD[case]
    answer = client.post("/v1/datasets", **request)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert says in answer.json["detail"]
    assert client.get("/v1/datasets").json["data"] == []
    assert spooled(deps) == []


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("delimiter=ab", "/delimiter"),
        ("delimiter=", "/delimiter"),
        ("delimiter=%0A", "/delimiter"),
        ("header=perhaps", "/header"),
        ("encoding=%00", "/encoding"),
        ("types=x", "/types"),
        ("types=[1]", "/types"),
        ('types={"a":"number"}', "/types"),
        ("name=%00", "/name"),
        ("name=a%0Ab", "/name"),
        ("name=%7F", "/name"),
        ("name=", "/name"),
        ("colour=red", "/colour"),
        ("delimiter=%22", "/delimiter"),
        ("encoding=base64", "/encoding"),
        ("encoding=utf-9", "/encoding"),
        ("encoding=unicode_escape", "/encoding"),
        ('types={"a":"datetime:ydm"}', "/types"),
        ('types={"a":["numeric"]}', "/types"),
        ('types={"a\\u0000":"numeric"}', "/types"),
        ("null_values=[1]", "/null_values"),
        ("null_values=[", "/null_values"),
        ("null_values=a%0Ab", "/null_values"),
        ("decimal=;", "/decimal"),
        ("decimal=,&delimiter=,", "/decimal"),
        ("header=1&header=0", "/header"),
    ],
)
def test_wrong_option_is_named(client: FlaskClient, query: str, pointer: str) -> None:
    answer = upload(client, path=f"/v1/datasets?{query}")
    assert (answer.status_code, answer.json["code"]) == (422, "parameter_invalid")
    assert answer.json["errors"][0]["pointer"] == pointer


def options_of(deps: Deps, id: str) -> dict[str, Any]:
    with deps.database.read() as session:
        return session.get_one(DatasetRow, id).options


def test_options_reach_the_worker_in_one_spelling(client: FlaskClient, deps: Deps) -> None:
    query = 'delimiter=tab&encoding=Latin1&header=0&types={"a":"datetime:dmy"}&decimal=,&null_values=["x","-"]'
    answer = upload(client, path=f"/v1/datasets?{query}")
    assert options_of(deps, answer.json["id"]) == {
        "delimiter": "\t",
        "encoding": "iso8859-1",
        "header": False,
        "types": {"a": "datetime:dmy"},
        "decimal": ",",
        "null_values": ["-", "x"],
    }
    fields = {"delimiter": "\t", "encoding": "latin-1", "header": "false", "types": '{"a": "datetime:dmy"}'}
    again = client.post(
        "/v1/datasets?decimal=,", data={"file": (io.BytesIO(CSV), "x"), **fields, "null_values": ["x", "-"]}
    )
    assert (again.status_code, again.json["id"]) == (200, answer.json["id"])
    repeated = upload(client, path="/v1/datasets?null_values=x&null_values=-")
    assert options_of(deps, repeated.json["id"]) == {"null_values": ["-", "x"]}


@pytest.mark.parametrize("option", ["delimiter=,", "encoding=utf-8", "header=1", "null_values=x", "decimal=,"])
def test_each_option_is_part_of_what_makes_a_dataset_the_same(client: FlaskClient, option: str) -> None:
    first, other = upload(client), upload(client, path=f"/v1/datasets?{option}")
    assert other.status_code == 202
    assert first.json["id"] != other.json["id"]


def test_what_stands_between_cells_cannot_be_the_decimal_mark(client: FlaskClient) -> None:
    file = {"file": (io.BytesIO(CSV), "x"), "delimiter": ","}
    answer = client.post("/v1/datasets?decimal=,", data=file)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/decimal")


@pytest.mark.parametrize(
    "request_",
    [
        {"headers": {"Content-Type": "application/vnd.apache.parquet"}},
        {"headers": {"Content-Type": "application/x-parquet"}},
        {"name": "table.PARQUET"},
        {"name": "table", "part": "application/vnd.apache.parquet"},
        {"name": "table.parquet.gz"},
    ],
    ids=["type", "other type", "file name", "type of the part", "packed"],
)
def test_parquet_is_taken_as_such(client: FlaskClient, deps: Deps, request_: dict[str, Any]) -> None:
    table = parquet({"a": [1, 2]})
    if "headers" in request_:
        answer = client.post("/v1/datasets", data=table, headers=request_["headers"])
    else:
        content = gzip.compress(table) if request_["name"].endswith(".gz") else table
        answer = client.post(
            "/v1/datasets", data={"file": (io.BytesIO(content), request_["name"], request_.get("part"))}
        )
    assert answer.status_code == 202
    with deps.database.read() as session:
        row = session.get_one(DatasetRow, answer.json["id"])
    assert (row.media_type, row.sha256) == ("application/vnd.apache.parquet", hashlib.sha256(table).hexdigest())
    content = client.get(f"/v1/datasets/{row.id}/content")
    assert (content.mimetype, content.data) == ("application/vnd.apache.parquet", table)


def test_parquet_needs_no_options_of_a_csv(client: FlaskClient, deps: Deps) -> None:
    headers = {"Content-Type": "application/vnd.apache.parquet"}
    answer = client.post("/v1/datasets?delimiter=,", data=parquet({"a": [1]}), headers=headers)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/delimiter")
    assert spooled(deps) == []


@pytest.mark.parametrize(("name", "compress"), [("x.csv.gz", gzip.compress), ("x.csv.ZST", zstandard.compress)])
def test_packed_file_of_a_form_is_unpacked(client: FlaskClient, name: str, compress: Any) -> None:
    answer = client.post("/v1/datasets", data={"file": (io.BytesIO(compress(CSV)), name), "header": "1"})
    assert answer.json["sha256"] == hashlib.sha256(CSV).hexdigest()
    assert answer.json["name"] == "x.csv"


def test_form_may_be_packed_and_its_file_too(client: FlaskClient) -> None:
    body = gzip.compress(form("b", ('name="file"; filename="x.csv.gz"', gzip.compress(CSV)), ('name="header"', b"1")))
    headers = {"Content-Type": "multipart/form-data; boundary=b", "Content-Encoding": "gzip"}
    answer = client.post("/v1/datasets", data=body, headers=headers)
    assert answer.json["sha256"] == hashlib.sha256(CSV).hexdigest()


def test_option_given_twice_is_refused(client: FlaskClient) -> None:
    answer = client.post("/v1/datasets?name=one", data={"file": (io.BytesIO(CSV), "x"), "name": "two"})
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/name")


def test_oversized_upload_is_refused(limited: Callable[..., FlaskClient]) -> None:
    client = limited(max_upload_bytes=len(CSV) - 1)
    answer = upload(client)
    assert (answer.status_code, answer.json["code"]) == (413, "body_too_large")
    assert upload(limited(max_upload_bytes=len(CSV))).status_code == 202


@pytest.mark.parametrize(
    ("settings", "data", "code"),
    [
        ({"max_upload_bytes": 100}, b"a\n" * 1000, "body_too_large"),
        ({"max_upload_bytes": 1000}, gzip.compress(b"a\n" * 1000), "decompressed_too_large"),
        ({"max_decompressed_bytes": 1999}, gzip.compress(b"a\n" * 1000), "decompressed_too_large"),
        ({}, gzip.compress(b"a\n" * 1_000_000), "decompression_ratio_too_large"),
        ({}, gzip.compress(gzip.compress(b"a\n" * 10_000_000)), "decompression_ratio_too_large"),
    ],
)
def test_each_cap_has_its_own_error(
    limited: Callable[..., FlaskClient], deps: Deps, settings: dict[str, int], data: bytes, code: str
) -> None:
    packed = data[:2] == b"\x1f\x8b"
    twice = packed and gzip.decompress(data)[:2] == b"\x1f\x8b"
    body = gzip.decompress(data) if twice else data
    headers = {"Content-Type": "multipart/form-data; boundary=b", **({"Content-Encoding": "gzip"} if twice else {})}
    sent = form("b", ('name="file"; filename="x.gz"' if packed else 'name="file"; filename="x"', body))
    answers = [limited(**settings).post("/v1/datasets", data=gzip.compress(sent) if twice else sent, headers=headers)]
    if not twice:
        raw = {"Content-Type": "text/csv", **({"Content-Encoding": "gzip"} if packed else {})}
        answers.append(limited(**settings).post("/v1/datasets", data=data, headers=raw))
    for answer in answers:
        assert (answer.status_code, answer.json["code"]) == (413, code)
        assert "ADALINE_MAX_" in answer.json["detail"]
    assert spooled(deps) == []


def test_body_that_ends_early_leaves_nothing(client: FlaskClient, deps: Deps) -> None:
    answer = client.post(
        "/v1/datasets",
        input_stream=io.BytesIO(CSV),
        headers={"Content-Type": "text/csv"},
        environ_overrides={"CONTENT_LENGTH": "1000"},
    )
    assert (answer.status_code, answer.json["code"]) == (400, "body_malformed")
    assert client.get("/v1/datasets").json["data"] == []
    assert spooled(deps) == []


def in_chunks(client: FlaskClient, data: bytes, path: str = "/v1/datasets", **headers: str) -> TestResponse:
    return client.post(
        path,
        input_stream=io.BytesIO(data),
        headers={"Content-Type": "text/csv", **headers},
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )


@pytest.mark.parametrize("headers", [{}, {"Content-Encoding": "identity"}])
def test_plain_csv_that_does_not_say_where_it_ends_is_refused(
    client: FlaskClient, deps: Deps, headers: dict[str, str]
) -> None:
    refused = in_chunks(client, b"a,b\n1,2\n", **headers)
    assert (refused.status_code, refused.json["code"]) == (411, "length_required")
    assert client.get("/v1/datasets").json["data"] == []
    assert spooled(deps) == []


def test_what_the_refusal_of_chunks_advises_is_taken(client: FlaskClient) -> None:
    form = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\na,b\n1,2\n\r\n--b--\r\n'
    packed = in_chunks(client, gzip.compress(b"a,b\n1,2\n"), **{"Content-Encoding": "gzip"})
    in_form = in_chunks(client, form, **{"Content-Type": "multipart/form-data; boundary=b"})
    assert (packed.status_code, in_form.status_code) == (202, 200)
    assert packed.json["id"] == in_form.json["id"]


def test_the_first_part_of_a_file_is_previewed_in_chunks_too(client: FlaskClient) -> None:
    shown = in_chunks(client, b"a,b\n1,2\n3,", "/v1/datasets?preview=true").json
    assert (shown["rows"], shown["truncated"]) == ([[1, 2]], True)


def test_repeated_key_gets_the_first_answer(client: FlaskClient) -> None:
    first = upload(client, **{"Idempotency-Key": "k1"})
    again = upload(client, **{"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.data == again.data


@pytest.mark.parametrize(("data", "path"), [(b"a\n1\n", "/v1/datasets"), (CSV, "/v1/datasets?name=other")])
def test_key_with_another_request_is_refused(client: FlaskClient, data: bytes, path: str) -> None:
    upload(client, **{"Idempotency-Key": "k1"})
    answer = upload(client, data, path, **{"Idempotency-Key": "k1"})
    assert (answer.status_code, answer.json["code"]) == (422, "idempotency_key_reused")
    assert len(client.get("/v1/datasets").json["data"]) == 1


@pytest.mark.parametrize("key", ["", "two words", "é", "x" * 256])
def test_unusable_key_is_refused(client: FlaskClient, key: str) -> None:
    answer = upload(client, **{"Idempotency-Key": key})
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/Idempotency-Key")
