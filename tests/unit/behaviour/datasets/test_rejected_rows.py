"""Rows that are lost are told wherever somebody would learn without them; and a name that is given is the name."""

from __future__ import annotations

from flask.testing import FlaskClient

from service.cli.showing.rendering import dataset as rendered
from service.client.records import Dataset
from service.wiring import Deps
from tests.unit.cli.showing.test_rendering import drawn
from workers.ingest.run import run as ingest
from workers.jobs.dispatch import run as train

ROWS = [f"{n},{'lost' if n % 15 == 0 else n * 0.5},{n % 7}" for n in range(150)]
DATA = "\n".join(["a,b,y", *ROWS]).encode()


def uploaded(client: FlaskClient, deps: Deps, data: bytes, query: str = "") -> dict[str, object]:
    id = client.post(f"/v1/datasets{query}", data=data, content_type="text/csv").json["id"]
    ingest(deps, id)
    return client.get(f"/v1/datasets/{id}").json  # type: ignore[no-any-return]


def test_preflight_and_report_say_how_many_rows_are_lost_and_what_brings_them_in(
    client: FlaskClient, deps: Deps
) -> None:
    made = uploaded(client, deps, DATA)
    assert (made["state"], made["rows"], made["rejected_rows"]) == ("ready", 140, 10)
    spec = {"dataset": made["id"], "model": "m", "target": "y", "task": "regression", "epochs": 2}
    warnings = client.post("/v1/jobs/validate", json=spec).json["warnings"]
    (warned,) = [one for one in warnings if one["code"] == "rows_rejected"]
    assert "10 of the file's 150 rows (6.7%)" in warned["detail"]
    assert "10 in column 'b' (first on line 2)" in warned["detail"]
    assert 'null_values=["lost"]' in warned["detail"]
    job = client.post("/v1/jobs", json=spec)
    train(deps, job.json["id"])
    report = client.get("/v1/models/m/versions/1/report").json
    assert warned["detail"] in [one["detail"] for one in report["warnings"]]
    whole = uploaded(client, deps, DATA, '?null_values=["lost"]')
    assert (whole["rows"], whole["rejected_rows"]) == (150, 0)
    after = client.post("/v1/jobs/validate", json={**spec, "dataset": whole["id"]}).json["warnings"]
    assert "rows_rejected" not in [one["code"] for one in after]


def test_one_row_of_a_hundred_is_no_warning(client: FlaskClient, deps: Deps) -> None:
    made = uploaded(client, deps, DATA.replace(b"lost", b"1") + b"\n1,2,3,4")
    spec = {"dataset": made["id"], "model": "m", "target": "y", "task": "regression"}
    warnings = client.post("/v1/jobs/validate", json=spec).json["warnings"]
    assert (made["rejected_rows"], [one for one in warnings if one["code"] == "rows_rejected"]) == (1, [])


def test_the_command_line_prints_reasons_with_counts_and_the_mend(client: FlaskClient, deps: Deps) -> None:
    shown = drawn(rendered(Dataset.of(uploaded(client, deps, DATA))))
    assert "10 rows of the file (6.7%) are not in the dataset" in shown
    assert "10 times, column b, first on line 2" in shown
    assert "--null lost" in shown


def test_the_same_bytes_take_the_name_that_is_given_and_keep_theirs_where_none_is(client: FlaskClient) -> None:
    def named(query: str) -> tuple[str, str]:
        answer = client.post(f"/v1/datasets{query}", data=DATA, content_type="text/csv").json
        return answer["id"], answer["name"]

    id, first = named("?name=first")
    assert first == "first"
    assert named("?name=second") == (id, "second")
    assert named("") == (id, "second")
    assert client.get(f"/v1/datasets/{id}").json["name"] == "second"
