from __future__ import annotations

import io
import threading
import time
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from flask.testing import FlaskClient
from werkzeug.http import parse_options_header

from service.store.session import now
from service.store.tables import DatasetRow
from service.wiring import Deps
from tests import samples


def finish(deps: Deps, id: str, **values: object) -> None:
    with deps.database.write() as session:
        row = session.get_one(DatasetRow, id)
        for name, value in values.items():
            setattr(row, name, value)
    deps.changes.publish(id)


def test_ready_dataset_is_shown(client: FlaskClient, deps: Deps) -> None:
    row = samples.dataset(deps, created_at=datetime(2026, 1, 31, 12, 0, 0, 5000, tzinfo=UTC))
    answer = client.get(f"/v1/datasets/{row.id}")
    assert answer.status_code == 200
    assert answer.headers["ETag"] == f'"{row.sha256}"'
    shown = answer.json
    assert shown["created_at"] == "2026-01-31T12:00:00.005Z"
    assert (shown["state"], shown["rows"], shown["rejected_rows"], shown["error"]) == ("ready", 40, 0, None)
    assert [column["name"] for column in shown["columns"]] == ["size", "colour", "note", "same", "price", "rare"]
    assert set(shown) == {
        *(
            "id",
            "name",
            "state",
            "sha256",
            "bytes",
            "rows",
            "rejected_rows",
            "dialect",
            "column_count",
            "columns",
            "created_at",
            "error",
        )
    }


def test_known_dataset_is_not_sent_again(client: FlaskClient, deps: Deps) -> None:
    row = samples.dataset(deps)
    answer = client.get(f"/v1/datasets/{row.id}", headers={"If-None-Match": f'"{row.sha256}"'})
    assert (answer.status_code, answer.data) == (304, b"")


def test_failed_dataset_says_why(client: FlaskClient, deps: Deps) -> None:
    row = samples.dataset(deps, state="failed", error={"code": "header_only", "detail": "no rows"})
    assert client.get(f"/v1/datasets/{row.id}").json["error"] == {"code": "header_only", "detail": "no rows"}


@pytest.mark.parametrize("below", ["", "/profile", "/rows", "/rejects", "/content"])
def test_unknown_dataset_is_not_found(client: FlaskClient, below: str) -> None:
    answer = client.get(f"/v1/datasets/ds_none{below}")
    assert (answer.status_code, answer.json["code"]) == (404, "dataset_not_found")


def test_list_goes_on_where_it_stopped(client: FlaskClient, deps: Deps) -> None:
    ids = [samples.dataset(deps, id=f"ds_{number}").id for number in range(5)]
    seen, after = [], ""
    for _ in range(3):
        page = client.get(f"/v1/datasets?limit=2{after}").json
        seen.append([row["id"] for row in page["data"]])
        after = f"&after={page['next']}"
    assert seen == [[ids[4], ids[3]], [ids[2], ids[1]], [ids[0]]]
    assert (page["has_more"], page["next"]) == (False, None)


def test_a_list_tells_what_each_dataset_does(client: FlaskClient, deps: Deps) -> None:
    ids = [samples.dataset(deps, id="ds_1").id, samples.dataset(deps, id="ds_0", state="ingesting", columns=None).id]
    assert client.get("/v1/datasets").json["data"] == [client.get(f"/v1/datasets/{id}").json for id in ids]


def test_a_list_of_wide_tables_stays_small_and_counts_their_columns(client: FlaskClient, deps: Deps) -> None:
    columns = [{"name": f"c{number}", "kind": "numeric", "nulls": 0, "distinct": 2} for number in range(10_000)]
    ids = [samples.dataset(deps, columns=columns).id for _ in range(3)]
    listed = client.get("/v1/datasets")
    assert [(row["column_count"], row["columns"]) for row in listed.json["data"]] == [(10_000, None)] * 3
    assert len(listed.data) < 3000
    assert client.get(f"/v1/datasets/{ids[0]}").json["columns"] == columns


def test_rows_are_shown_across_row_groups(client: FlaskClient, deps: Deps) -> None:
    moments = [datetime(2026, 1, 1, tzinfo=UTC), None, datetime(2026, 1, 3, 4, 5, 6), None, None]
    columns = {"x": [0.5, float("nan"), None, 3.0, 4.0], "at": moments, "yes": [True, False, None, True, True]}
    row = samples.dataset(deps, table_key=deps.blobs.put(samples.parquet(columns)).key)
    assert client.get(f"/v1/datasets/{row.id}/rows?limit=3").json == {
        "columns": ["x", "at", "yes"],
        "data": [
            [0.5, "2026-01-01T00:00:00.000Z", True],
            [None, None, False],
            [None, "2026-01-03T04:05:06.000Z", None],
        ],
        "has_more": True,
    }
    last = client.get(f"/v1/datasets/{row.id}/rows?offset=3&limit=2").json
    assert ([cells[0] for cells in last["data"]], last["has_more"]) == ([3.0, 4.0], False)
    assert client.get(f"/v1/datasets/{row.id}/rows?offset=9").json["data"] == []
    assert client.get(f"/v1/datasets/{row.id}/rows?limit=1001").status_code == 422


@pytest.mark.parametrize(
    ("columns", "n_rows", "limit", "expected"),
    [(3, 600, 1000, [600]), (262, 600, 1000, [600]), (6000, 100, 1000, [43, 43, 14]), (6000, 3, 2, [2, 1])],
)
def test_an_answer_has_so_many_cells_at_most_and_the_next_goes_on(
    client: FlaskClient, deps: Deps, columns: int, n_rows: int, limit: int, expected: list[int]
) -> None:
    table = pa.table({f"c{place}": [place * 1000.0 + row for row in range(n_rows)] for place in range(columns)})
    pq.write_table(table, file := io.BytesIO())
    row = samples.dataset(deps, table_key=deps.blobs.put(file.getvalue()).key)
    seen: list[list[float]] = []
    for count in expected:
        page = client.get(f"/v1/datasets/{row.id}/rows?limit={limit}&offset={len(seen)}").json
        assert len(page["data"]) == count
        seen += page["data"]
        assert page["has_more"] == (len(seen) < n_rows)
    assert seen == [[place * 1000.0 + at for place in range(columns)] for at in range(n_rows)]


def test_profile_and_rejects_are_served(client: FlaskClient, deps: Deps) -> None:
    row = samples.dataset(deps)
    assert client.get(f"/v1/datasets/{row.id}/profile").json == {"rows": 40}
    none = client.get(f"/v1/datasets/{row.id}/rejects")
    assert (none.mimetype, none.data) == ("text/csv", b"line,column,reason,raw\n")
    rejects = b"line,column,reason,raw\n3,size,not a number,x\n"
    finish(deps, row.id, rejects_key=deps.blobs.put(rejects).key)
    assert client.get(f"/v1/datasets/{row.id}/rejects").data == rejects


@pytest.mark.parametrize("below", ["profile", "rows", "rejects"])
def test_dataset_that_is_being_read_has_no_rows_yet(client: FlaskClient, deps: Deps, below: str) -> None:
    row = samples.dataset(deps, state="ingesting", table_key=None, profile_key=None)
    answer = client.get(f"/v1/datasets/{row.id}/{below}")
    assert (answer.status_code, answer.json["code"]) == (409, "dataset_not_ready")


def test_deleted_dataset_is_gone(client: FlaskClient, deps: Deps) -> None:
    row = samples.dataset(deps)
    assert client.delete(f"/v1/datasets/{row.id}").status_code == 204
    assert client.get(f"/v1/datasets/{row.id}").status_code == 404


def test_dataset_that_a_job_needs_stays(client: FlaskClient, deps: Deps) -> None:
    row = samples.dataset(deps)
    samples.job(deps, dataset_id=row.id)
    answer = client.delete(f"/v1/datasets/{row.id}")
    assert (answer.status_code, answer.json["code"]) == (409, "dataset_in_use")


def test_upload_that_waits_is_answered_when_the_table_is_ready(client: FlaskClient, deps: Deps) -> None:
    def ingest() -> None:
        while True:
            with deps.database.read() as session:
                row = session.query(DatasetRow).one_or_none()
            if row is not None:
                break
            time.sleep(0.01)
        finish(deps, row.id, state="ready", rows=1, rejected_rows=0, columns=[])

    worker = threading.Thread(target=ingest)
    worker.start()
    began = time.monotonic()
    answer = client.post("/v1/datasets", data=b"a\n1\n", headers={"Content-Type": "text/csv", "Prefer": "wait=20"})
    worker.join()
    assert time.monotonic() - began < 10
    assert (answer.status_code, answer.json["state"], answer.json["rows"]) == (201, "ready", 1)
    assert answer.headers["Preference-Applied"] == "wait=20"
    again = client.post("/v1/datasets", data=b"a\n1\n", headers={"Content-Type": "text/csv", "Prefer": "wait=20"})
    assert (again.status_code, again.json["id"]) == (200, answer.json["id"])


def test_upload_that_has_waited_in_vain_is_accepted(client: FlaskClient) -> None:
    answer = client.post("/v1/datasets", data=b"a\n1\n", headers={"Content-Type": "text/csv", "Prefer": "wait=1"})
    assert (answer.status_code, answer.json["state"]) == (202, "ingesting")
    assert answer.headers["Preference-Applied"] == "wait=1"


@pytest.mark.parametrize("name", ['say "hé€"; a=b', "a\\b,c"])
def test_content_is_offered_under_the_name(client: FlaskClient, deps: Deps, name: str) -> None:
    row = samples.dataset(deps, name=name)
    offered = client.get(f"/v1/datasets/{row.id}/content").headers["Content-Disposition"]
    assert offered.isascii()
    assert offered.isprintable()
    assert parse_options_header(offered)[1]["filename"] == name


def test_times_are_never_in_another_zone(client: FlaskClient, deps: Deps) -> None:
    row = samples.dataset(deps, created_at=now())
    assert client.get(f"/v1/datasets/{row.id}").json["created_at"].endswith("Z")
