"""Over HTTP: what a cell means is said by the table that a model learnt from, in whatever form rows come; and classes
have the names that the table gives them."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from flask.testing import FlaskClient
from werkzeug.test import Client

from service.api.context import of
from service.api.predictions.front import Front
from service.wiring import Deps
from workers.ingest.run import run as ingest
from workers.jobs.dispatch import run as train

FIXTURES = Path(__file__).parents[3] / "fixtures" / "meaning"
ARROW = "application/vnd.apache.arrow.stream"
PARQUET = "application/vnd.apache.parquet"
Upload = Callable[..., str]


@pytest.fixture
def upload(client: FlaskClient, deps: Deps) -> Upload:
    """Upload a table and have it read; its id."""

    def do(data: bytes, type: str = "text/csv", **options: str) -> str:
        answer = client.post("/v1/datasets", data=data, query_string=options, headers={"Content-Type": type})
        assert answer.status_code == 202, answer.json
        ingest(deps, answer.json["id"])
        return str(answer.json["id"])

    return do


@pytest.fixture
def learn(client: FlaskClient, deps: Deps) -> Callable[..., dict[str, Any]]:
    """Train on a dataset; the job as it ended."""

    def do(dataset: str, target: str, **spec: Any) -> dict[str, Any]:
        answer = client.post("/v1/jobs", json={"dataset": dataset, "model": "m", "target": target, **spec})
        assert answer.status_code == 202, answer.json
        train(deps, answer.json["id"])
        job: dict[str, Any] = client.get(f"/v1/jobs/{answer.json['id']}").json
        assert job["state"] == "succeeded", job["error"]
        return job

    return do


Learn = Callable[..., dict[str, Any]]


def case(name: str) -> bytes:
    return (FIXTURES / f"{name}.csv").read_bytes()


def asked(client: FlaskClient, data: bytes, type: str) -> list[Any]:
    answer = client.post(
        "/v1/models/m/predict", data=data, headers={"Content-Type": type, "Accept": "application/json"}
    )
    assert answer.status_code == 200, answer.json
    return list(answer.json["predictions"])


def by_json(client: FlaskClient, **columns: list[Any]) -> list[Any]:
    """As columns, as rows, and as rows on the straight way that a server has for them."""
    answer = client.post("/v1/models/m/predict", json={"columns": columns})
    assert answer.status_code == 200, answer.json
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    of_rows = client.post("/v1/models/m/predict", json={"records": rows})
    here = of(client.application)
    straight = Client(Front(client.application, here.models, here.keys, here.rates)).post(
        "/v1/models/m/predict", json={"records": rows}
    )
    assert straight.json == of_rows.json == answer.json
    return list(answer.json["predictions"])


def by_csv(client: FlaskClient, text: str) -> list[Any]:
    return asked(client, text.encode(), "text/csv")


def by_arrow(client: FlaskClient, **columns: Any) -> list[Any]:
    table = pa.table(columns)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return asked(client, sink.getvalue().to_pybytes(), ARROW)


def by_parquet(client: FlaskClient, **columns: Any) -> list[Any]:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return asked(client, sink.getvalue(), PARQUET)


def everywhere(client: FlaskClient, csv: str, sent: Mapping[str, list[Any]]) -> list[Any]:
    """The same rows as CSV, JSON, Arrow and Parquet, which must be answered alike."""
    answers = by_csv(client, csv)
    assert by_json(client, **sent) == answers
    assert by_arrow(client, **sent) == answers
    assert by_parquet(client, **sent) == answers
    return answers


def test_declared_words_for_a_gap_are_the_only_ones(client: FlaskClient, upload: Upload, learn: Learn) -> None:
    learn(upload(case("null_values-NA-is-a-country"), null_values="-"), "y")
    found = everywhere(client, "country,x\nNA,3\n-,3\nZA,3\n", {"country": ["NA", "-", "ZA"], "x": [3, 3, 3]})
    assert found[0] == pytest.approx(3.5, abs=0.3)
    assert found[1] == by_json(client, country=[None], x=[3])[0]
    assert len(set(found)) == 3


def test_a_declared_sentinel_is_missing_as_a_number_too(client: FlaskClient, upload: Upload, learn: Learn) -> None:
    learn(upload(case("null_values-sentinel-minus-999"), null_values="-999"), "y")
    gap, number = everywhere(client, "t,x\n-999,3\n5,3\n", {"t": [-999, 5], "x": [3, 3]})
    assert everywhere(client, "t,x\n-999.0,3\n", {"t": [-999.0], "x": [3]}) == [gap]
    assert by_json(client, t=[None, "-999", " -999 ", "5"], x=[3] * 4) == [gap, gap, gap, number]
    assert by_arrow(client, t=pa.nulls(1), x=[3]) == [gap]


def test_dates_keep_the_order_of_their_column(client: FlaskClient, upload: Upload, learn: Learn) -> None:
    learn(upload(case("json-dates-day-first")), "y")
    csv, dates = "d\n25/03/2023\n2023-03-25\n04/02/2023\n", ["25/03/2023", "2023-03-25", "04/02/2023"]
    found = everywhere(client, csv, {"d": dates})
    assert found[0] == found[1] == by_arrow(client, d=pa.array([1679702400], pa.timestamp("s")))[0]
    refused = client.post("/v1/models/m/predict", json={"columns": {"d": ["03/25/2023"]}})
    assert refused.status_code == 422
    assert "day/month/year" in refused.json["errors"][0]["detail"]


def test_truths_are_read_in_the_words_of_a_table(client: FlaskClient, upload: Upload, learn: Learn) -> None:
    learn(upload(case("json-Y-N")), "y")
    true, false = everywhere(client, "smoker\nY\nN\n", {"smoker": ["Y", "N"]})
    assert by_json(client, smoker=[True, 1, " y", "yes", False, 0]) == [true, true, true, true, false, false]
    assert by_arrow(client, smoker=[True, False]) == [true, false]
    assert by_arrow(client, smoker=[1.0, 0.0]) == [true, false]


def test_labels_are_the_words_of_the_table(client: FlaskClient, upload: Upload, learn: Learn) -> None:
    dataset = upload(case("yes-no-labels"))
    learn(dataset, "left", class_weights={"Yes": 3, "No": 1})
    answers = everywhere(client, "x\n3\n95\n", {"x": [3, 95]})
    assert [one["label"] for one in answers] == ["No", "Yes"]
    assert list(answers[0]["probabilities"]) == ["No", "Yes"]
    csv = client.post("/v1/models/m/predict", json={"columns": {"x": [95]}}, headers={"Accept": "text/csv"}).text
    assert csv.startswith("label,p_No,p_Yes\nYes,")
    arrow = client.post("/v1/models/m/predict", json={"columns": {"x": [3, 95]}}, headers={"Accept": ARROW}).data
    assert pa.ipc.open_stream(arrow).read_all()["label"].to_pylist() == ["No", "Yes"]
    report = client.get("/v1/models/m/versions/1/report").json
    assert [one["class"] for one in report["classes"]["per_class"]] == ["No", "Yes"]
    assert report["classes"]["curves"][0]["class"] == "Yes"
    assert report["certificate"] is None or {one.get("class") for one in report["certificate"]["coefficients"]} == {
        "Yes"
    }
    assert "Yes" in client.get("/v1/models/m/versions/1/files/model-card.md").text


@pytest.mark.parametrize("kept", ["true,false", "True,False", "TRUE,FALSE"])
def test_truths_of_json_stay_such(client: FlaskClient, upload: Upload, learn: Learn, kept: str) -> None:
    true, false = kept.split(",")
    learn(upload(case("yes-no-labels").replace(b"Yes", true.encode()).replace(b"No", false.encode())), "left")
    assert [one["label"] for one in by_json(client, x=[3, 95])] == [False, True]
    assert list(by_json(client, x=[3])[0]["probabilities"]) == ["false", "true"]


def test_truths_of_parquet_stay_such(client: FlaskClient, upload: Upload, learn: Learn) -> None:
    sink = io.BytesIO()
    pq.write_table(pa.table({"x": list(range(40)), "y": [row > 20 for row in range(40)]}), sink)
    learn(upload(sink.getvalue(), PARQUET), "y")
    assert [one["label"] for one in by_json(client, x=[3, 35])] == [False, True]


def test_the_most_frequent_spelling_names_a_class(client: FlaskClient, upload: Upload, learn: Learn) -> None:
    rows = [f"{row},{('YES', 'yes', 'yes')[row % 3] if row > 19 else ('n', 'N')[row % 2]}" for row in range(40)]
    learn(upload("\n".join(["x,y", *rows]).encode()), "y", class_weights={"TRUE": 2, "no": 1})
    assert [one["label"] for one in by_json(client, x=[3, 35])] == ["N", "yes"]  # of equals the first by its letters


@pytest.mark.parametrize("names", [("-1.0", "1.0"), ("-1", "1"), ("-1.00", "+1")])
def test_numeric_classes_are_known_in_any_spelling(
    client: FlaskClient, upload: Upload, learn: Learn, names: tuple[str, str]
) -> None:
    dataset = upload(case("minus-one-point-zero"))
    low, high = names
    learn(dataset, "y", class_weights={low: 2, high: 1})
    assert [one["label"] for one in by_json(client, x=[-2, 2])] == [-1, 1]
    validated = {"dataset": dataset, "model": "m", "target": "y", "class_weights": {"-1.0": 2, "-1": 1}}
    answer = client.post("/v1/jobs/validate", json=validated)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/class_weights/-1")
    assert "the same class" in answer.json["errors"][0]["detail"]


@pytest.mark.parametrize("target", ["many", "code"])
def test_many_classes_are_known_too(client: FlaskClient, upload: Upload, target: str) -> None:
    rows = [f"{row},class {row % 60},{(row % 60) ** 2 / 2}" for row in range(240)]
    dataset = upload("\n".join(["x,many,code", *rows]).encode())
    body = {"dataset": dataset, "model": "m", "target": target, "task": "multiclass", "features": ["x"]}
    there, not_there = ("class 7", "class 60") if target == "many" else ("24.50", "25.0")
    answer = client.post("/v1/jobs/validate", json={**body, "class_weights": {there: 2}})
    assert answer.status_code == 200, answer.json
    answer = client.post("/v1/jobs/validate", json={**body, "class_weights": {there: 2, not_there: 2}})
    assert [error["pointer"] for error in answer.json["errors"]] == [f"/class_weights/{not_there}"]


@pytest.mark.parametrize("path", ["/v1/jobs/validate", "/v1/jobs"])
@pytest.mark.parametrize(
    ("file", "target", "name", "says"),
    [
        ("yes-no-labels", "left", "Yess", "did you mean 'Yes'?"), ("yes-no-labels", "left", "2", "are 'No', 'Yes'"),
        ("minus-one-point-zero", "y", "-2.0", "'-1', '1'"), ("minus-one-point-zero", "y", "Yes", "'-1', '1'"),
        ("blanks-before-categories", "income", "<=50", "did you mean '<=50K'?"),
        ("null_values-sentinel-minus-999", "t", "7/~8", "the classes are '-999', '0', '1'"),
    ],
)  # fmt: skip
def test_an_unknown_class_is_refused_before_a_job_is_queued(
    client: FlaskClient, upload: Upload, file: str, target: str, name: str, says: str, path: str
) -> None:
    body = {"dataset": upload(case(file)), "model": "m", "target": target, "class_weights": {name: 3}, "task": "auto"}
    if target == "t":
        body["task"] = "multiclass"
    answer = client.post(path, json=body)
    assert answer.status_code == 422, answer.json
    pointer = "/class_weights/" + name.replace("~", "~0").replace("/", "~1")
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]
    assert says in answer.json["errors"][0]["detail"]
    assert client.get("/v1/jobs").json["data"] == []


def test_blanks_around_words_are_of_no_cell(client: FlaskClient, upload: Upload, learn: Learn) -> None:
    dataset = upload(case("blanks-before-categories"))
    learn(dataset, "income", class_weights={"<=50K": 1, ">50K": 3})
    found = everywhere(
        client,
        'age,work\n30,Private\n30, Private\n30,"Private "\n',
        {"age": [30] * 3, "work": ["Private", " Private", "Private\t"]},
    )
    assert found[0] == found[1] == found[2]
    assert list(found[0]["probabilities"]) == ["<=50K", ">50K"]
    assert by_json(client, age=[30], work=["Private"])[0]["label"] in ("<=50K", ">50K")
    profile = client.get(f"/v1/datasets/{dataset}/profile").json["columns"]
    assert [one["value"] for one in profile[1]["top"]] == ["Private", "State-gov"]


def test_words_with_and_without_blanks_are_one_category(client: FlaskClient, upload: Upload, learn: Learn) -> None:
    rows = [f"{row},{(' red', 'red', 'blue ', 'blue')[row % 4]},{10 * (row % 4 < 2) + row % 3}" for row in range(40)]
    dataset = upload("\n".join(["x,c,y", *rows]).encode())
    columns = client.get(f"/v1/datasets/{dataset}").json["columns"]
    assert [(one["kind"], one["distinct"]) for one in columns][1] == ("categorical", 2)
    sink = io.BytesIO()
    pq.write_table(pa.table({"c": [" red", "red", "blue"], "x": [1, 2, 4]}), sink)
    assert client.get(f"/v1/datasets/{upload(sink.getvalue(), PARQUET)}").json["columns"][0]["distinct"] == 2
