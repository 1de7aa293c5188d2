"""A preview answers how the first part of a file would be read, and stores nothing."""

from __future__ import annotations

import gzip
import io
import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.domain.reading.dialect import SAMPLE_BYTES
from service.wiring import Deps
from tests.samples import parquet

PATH = "/v1/datasets?preview=true"
CSV = {"Content-Type": "text/csv"}
TABLE = b"size;born;zip;ok;word\n1,5;13.1.2020;01234;yes;red\n;1.2.2020;04109;no;blue\n"


def preview(client: FlaskClient, data: bytes, options: str = "", **headers: str) -> TestResponse:
    return client.post(PATH + options, data=data, headers={**CSV, **headers})


def kinds(answer: TestResponse) -> dict[str, str]:
    return {column["name"]: column["kind"] for column in answer.json["columns"]}


@pytest.fixture(autouse=True)
def nothing_is_stored(client: FlaskClient, deps: Deps) -> Any:
    yield
    assert client.get("/v1/datasets").json["data"] == []
    assert [path for path in (deps.settings.data / "blobs").rglob("*") if path.is_file()] == []


def test_dialect_kinds_and_rows_are_shown(client: FlaskClient) -> None:
    answer = preview(client, TABLE)
    assert answer.status_code == 200
    assert (answer.json["dialect"]["delimiter"], answer.json["dialect"]["header"]) == (";", True)
    assert kinds(answer) == {
        "size": "numeric", "born": "datetime", "zip": "categorical", "ok": "boolean", "word": "categorical",
    }  # fmt: skip
    assert answer.json["rows"] == [
        [1.5, "2020-01-13T00:00:00.000Z", "01234", True, "red"],
        [None, "2020-02-01T00:00:00.000Z", "04109", False, "blue"],
    ]
    assert (answer.json["truncated"], answer.json["rejects"]) == (False, [])
    assert answer.json["columns"][2]["notes"] != []


def test_what_only_the_user_knows_is_asked(client: FlaskClient) -> None:
    answer = preview(client, b"on,n\n1/2/2020,1\n3/4/2020,2\n")
    assert kinds(answer)["on"] == "categorical"
    assert "datetime:dmy" in answer.json["columns"][0]["notes"][0]
    answer = preview(client, b"on,n\n1/2/2020,1\n3/4/2020,2\n", '&types={"on":"datetime:mdy"}')
    assert [row[0] for row in answer.json["rows"]] == ["2020-01-02T00:00:00.000Z", "2020-03-04T00:00:00.000Z"]


def test_options_are_heard(client: FlaskClient) -> None:
    answer = preview(client, b"1|-\n2|x\n", "&header=false&null_values=-&types={%22column_1%22:%22text%22}&delimiter=|")
    assert kinds(answer) == {"column_1": "text", "column_2": "categorical"}
    assert answer.json["rows"] == [["1", None], ["2", "x"]]
    form = {"header": "false", "file": (io.BytesIO(b"1,5\n2,6\n"), "x.csv")}
    answer = client.post(PATH, data=form)
    assert answer.json["rows"] == [[1.0, 5.0], [2.0, 6.0]]


def test_first_part_is_enough_and_no_more_is_read(client: FlaskClient) -> None:
    class Endless(io.RawIOBase):
        count = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            row = b"1,2\n" * (len(buffer) // 4)
            buffer[: len(row)] = row
            self.count += len(row)
            return len(row)

    body = Endless()
    answer = client.post(PATH, headers=CSV, environ_overrides={"CONTENT_LENGTH": str(10**10), "wsgi.input": body})
    assert answer.status_code == 200
    assert (answer.json["truncated"], len(answer.json["rows"])) == (True, 50)
    assert body.count < 20_000_000  # looked at 1 MiB; the rest was only taken in, and not for long


@pytest.mark.parametrize("cut", [20_000, None])
def test_packed_part_that_breaks_off_is_shown(client: FlaskClient, cut: int | None) -> None:
    data = gzip.compress(b"a,b\n" + b"".join(b"%d,%d\n" % (n, n * 7919 % 1000) for n in range(20_000)))[:cut]
    answer = preview(client, data, **{"Content-Encoding": "gzip"})
    assert answer.json["rows"][:2] == [[0.0, 0.0], [1.0, 919.0]]
    assert answer.json["truncated"] is (cut is not None)
    form = client.post(PATH, data={"file": (io.BytesIO(data), "x.csv.gz")})
    assert form.json == answer.json


def test_row_that_would_be_rejected_is_told(client: FlaskClient) -> None:
    rows = b"a,b\n" + b"1,2\n" * 30 + b"x,2\n1,2,3\n"
    answer = preview(client, rows)
    assert [(it["row"], it["column"]) for it in answer.json["rejects"]] == [(31, "a"), (32, "")]
    assert len(answer.json["rows"]) == 30


def test_rows_below_a_header_that_fills_the_first_look_are_shown(client: FlaskClient) -> None:
    names = b",".join(b"c%04d" % n + b"x" * 44 for n in range(5_200))
    row = b",".join([b"1.5"] * 5_200)
    assert len(names) < SAMPLE_BYTES < len(names) + len(row)
    answer = preview(client, b"\n".join([names, row, row, row, b""]))
    assert answer.json["columns"][-1]["kind"] == "numeric"
    assert [row[:2] for row in answer.json["rows"]] == [[1.5, 1.5]] * 3


def test_of_long_cells_fewer_rows_are_shown(client: FlaskClient) -> None:
    long = "x" * 400_000
    table = parquet({"word": [long] * 40, "n": list(range(40))})
    shown = client.post(PATH, data=table, headers={"Content-Type": "application/vnd.apache.parquet"})
    assert shown.json["rows"] == [[long, 0], [long, 1]]


def test_parquet_is_shown_when_it_is_whole(client: FlaskClient) -> None:
    table = parquet({"x": [0.5, None], "word": ["a", "b"], "yes": [True, False]})
    headers = {"Content-Type": "application/vnd.apache.parquet"}
    answer = client.post(PATH, data=table, headers=headers)
    assert kinds(answer) == {"x": "numeric", "word": "categorical", "yes": "boolean"}
    assert answer.json["rows"] == [[0.5, "a", True], [None, "b", False]]
    part = client.post(PATH, data=table[:-20], headers=headers)
    assert (part.status_code, part.json["reason"]) == (422, "preview_too_short")
    assert "or the end of one with all of its footer" in part.json["detail"]
    broken = client.post(PATH, data=table[:4] + b"x" * 50 + table[-4:], headers=headers)
    assert (broken.status_code, broken.json["reason"]) == (422, "not_parquet")


def test_the_end_of_a_parquet_file_tells_its_columns(client: FlaskClient) -> None:
    numbers, sink = np.random.default_rng(1).random(200_000), io.BytesIO()
    pq.write_table(pa.table({"x": numbers, "zip": np.arange(200_000), "word": ["a", "b"] * 100_000}), sink)
    table = sink.getvalue()
    headers = {"Content-Type": "application/vnd.apache.parquet"}
    footer = int.from_bytes(table[-8:-4], "little") + 8
    assert len(table) > 2**20 > footer
    for size in (footer, 2**20):
        answer = client.post(f"{PATH}&types={json.dumps({'zip': 'categorical'})}", data=table[-size:], headers=headers)
        assert kinds(answer) == {"x": "numeric", "zip": "categorical", "word": "categorical"}
        assert (answer.json["rows"], answer.json["truncated"]) == ([], True)
    short = client.post(PATH, data=table[1 - footer :], headers=headers)
    assert (short.status_code, short.json["reason"]) == (422, "preview_too_short")
    stored = client.post("/v1/datasets", data=table[-footer:], headers=headers)
    assert (stored.status_code, stored.json["code"]) == (400, "body_malformed")
    no_parquet = client.post(PATH, data=table[-footer:-1], headers=headers)
    assert (no_parquet.status_code, no_parquet.json["code"]) == (400, "body_malformed")


@pytest.mark.parametrize(
    ("data", "options", "reason"),
    [
        (b"\n\n", "", "empty_file"),
        (b"Sales\na,b\nx,y\nz,w\n", "", "header_mismatch"),
        (b"a," + b"x" * 2000 + b"\n1,2\n", "", "column_name_too_long"),
        (b"a,b\n", "", "no_rows"),
        (b"a,b\n1,2\n", "&types={%22c%22:%22text%22}", "unknown_column"),
        (b"\x00\x01\x02,\x03\n" * 10, "", "not_text"),
        (b",".join(b"c%d" % n for n in range(10_001)) + b"\n" + b",".join([b"1"] * 10_001), "", "too_many_columns"),
    ],
)
def test_what_an_ingest_would_refuse_is_refused(client: FlaskClient, data: bytes, options: str, reason: str) -> None:
    answer = preview(client, data, options)
    assert (answer.status_code, answer.json["code"], answer.json["reason"]) == (422, "upload_invalid", reason)
    assert answer.mimetype == "application/problem+json"


def test_bad_option_is_named(client: FlaskClient) -> None:
    answer = preview(client, TABLE, "&decimal=x")
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/decimal")
