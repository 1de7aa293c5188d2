"""The client and the API, as they speak to each other: models whose answers are known by hand, nothing in between."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from service.api.app import create_app
from service.client import Client, Conflict, Invalid, NotFound
from service.domain.model.artifact import MANIFEST, WEIGHTS
from service.wiring import Deps
from tests import samples


@pytest.fixture
def client(deps: Deps) -> Iterator[Client]:
    with Client("http://adaline", transport=httpx.WSGITransport(create_app(deps))) as client:
        yield client


@pytest.fixture
def prices(deps: Deps) -> str:
    """A model: price = 2 size + 10 [colour = red] - 5 [sold] + 1."""
    return samples.publish(deps, samples.price_predictor(), "prices").model_name


def test_rows_in_every_shape_get_the_same_predictions(client: Client, prices: str, tmp_path: Path) -> None:
    table = "size,colour,sold\n4,red,false\n10,blue,true\n"
    (tmp_path / "rows.csv").write_text(table)
    shapes = [
        [{"size": 4, "colour": "red", "sold": False}, {"size": 10, "colour": "blue", "sold": True}],
        {"size": [4, 10], "colour": ["red", "blue"], "sold": [False, True]},
        [[4, "red", False], [10, "blue", True]],
        tmp_path / "rows.csv",
        table,
        table.encode(),
        io.BytesIO(table.encode()),
    ]
    for rows in shapes:
        assert client.predict(prices, rows) == pytest.approx([2 * 4 + 10 + 1, 2 * 10 - 5 + 1])


def test_a_nan_is_predicted_as_a_missing_cell(client: Client, prices: str) -> None:
    row = {"size": float("nan"), "colour": "red", "sold": None}
    assert client.predict(prices, [row]) == pytest.approx([2 * 3 + 10 + 1])


def test_classes_come_with_probabilities(client: Client, deps: Deps) -> None:
    samples.publish(deps, samples.kind_predictor(), "animals")
    (answer,) = client.predict("animals", [{"weight": 5}])
    assert answer["probabilities"] == pytest.approx({"cat": 0.5, "dog": 0.5})


def test_predictions_come_as_csv(client: Client, prices: str) -> None:
    written = b"".join(client.predict_csv(prices, {"size": [4], "colour": ["red"], "sold": [False]}))
    (row,) = csv.DictReader(io.StringIO(written.decode()))
    assert float(row["prediction"]) == pytest.approx(19)


def test_rows_get_what_is_wanted_beside_their_predictions(client: Client, deps: Deps) -> None:
    """Of 39 residuals 1, 2, … the 36th is for 0.9; the average row has size 10, half of them red, a quarter sold."""
    samples.publish(deps, samples.explained_predictor(), "explained")
    rows = {"size": [4, 99], "colour": ["red", "red"], "sold": [False, False]}
    told = client.predict_with("explained", rows, intervals=0.9, contributions=True, flags=True)
    assert told["predictions"] == [19.0, 209.0]
    assert told["intervals"] == [[19.0 - 36, 19.0 + 36], [209.0 - 36, 209.0 + 36]]
    assert told["contributions"][0] == {"intercept": 24.75, "size": -12.0, "colour": 5.0, "sold": 1.25}
    assert told["flags"] == [[], ["size"]]
    assert client.predict_with("explained", rows, contributions=False) == {"predictions": [19.0, 209.0]}
    written = b"".join(client.predict_csv("explained", rows, intervals=0.9))
    assert written.decode().splitlines()[:2] == ["prediction,low,high", "19.0,-17.0,55.0"]
    with pytest.raises(Invalid, match="needs at least 99 held-out rows"):
        client.predict_with("explained", rows, intervals=0.99)


def test_rows_that_cannot_be_predicted_are_pointed_at(client: Client, prices: str) -> None:
    with pytest.raises(Invalid) as caught:
        client.predict(prices, [{"size": "large", "colour": "red", "sold": False}])
    (error,) = caught.value.errors
    assert error.pointer == "/records/0/size"
    assert "/records/0/size" in str(caught.value)
    with pytest.raises(Invalid, match="size"):
        list(client.predict_csv(prices, [{"colour": "red", "sold": False}]))


def test_lists_are_read_through_all_their_pages(client: Client, deps: Deps) -> None:
    ids = [samples.job(deps).id for _ in range(250)]
    assert [job.id for job in client.jobs()] == sorted(ids, reverse=True)
    assert [job.id for job in client.jobs(state="failed")] == []
    samples.dataset(deps)
    assert [dataset.state for dataset in client.datasets()] == ["ready"]


def test_versions_are_found_by_name_number_and_alias(client: Client, deps: Deps, prices: str) -> None:
    samples.publish(deps, samples.price_predictor(), "prices")
    assert [version.version for version in client.versions(prices)] == [2, 1]
    assert client.version("prices").version == 2
    assert client.version("prices:1").version == 1
    assert client.version("prices", 1).ref == "prices:1"
    client.set_alias(prices, "default", 1)
    assert client.version("prices").version == 1
    assert client.version("prices@default").aliases == ("default",)
    assert client.model(prices).aliases == {"default": 1}
    assert [model.latest_version for model in client.models()] == [2]
    for missing in ("nothing", "prices:3", "prices:x", "prices@champion"):
        with pytest.raises(NotFound):
            client.version(missing)


def test_a_version_goes_once_no_alias_needs_it(client: Client, prices: str) -> None:
    client.set_alias(prices, "champion", 1)
    with pytest.raises(Conflict) as caught:
        client.delete_version(prices, 1)
    assert caught.value.code == "version_aliased"
    client.delete_alias(prices, "champion")
    client.delete_version(prices, 1)
    assert list(client.versions(prices)) == []


def test_report_and_files_of_a_version(client: Client, deps: Deps, prices: str) -> None:
    assert client.report(prices) == {"task": "regression"}
    assert {MANIFEST, WEIGHTS} <= set(client.files(prices))
    version = client.version(prices)
    key = next(file["sha256"] for file in version.files if file["name"] == WEIGHTS)
    assert hashlib.sha256(client.file(WEIGHTS, prices)).hexdigest() == key
    with pytest.raises(NotFound):
        client.file("passwords", prices)


def test_a_dataset_is_described_by_its_columns(client: Client, deps: Deps) -> None:
    dataset = client.ready(samples.dataset(deps).id)
    assert dataset.rows == 40
    assert [column.name for column in dataset.columns][:2] == ["size", "colour"]
    assert dataset.created_at is not None
    assert dataset.created_at.tzinfo is not None


def test_an_upload_says_how_it_is_to_be_read(client: Client) -> None:
    dataset = client.upload(b"1;2\n3;4\n", "numbers", wait=False, delimiter=";", header=False, types={"a": "numeric"})
    assert (dataset.name, dataset.state) == ("numbers", "ingesting")
    assert client.dataset(dataset.id) == dataset
    with pytest.raises(Invalid, match="delimiter"):
        client.upload(b"1;2\n", wait=False, delimiter="letter")
    client.delete_dataset(dataset.id)
    with pytest.raises(NotFound) as caught:
        client.dataset(dataset.id)
    assert caught.value.code == "dataset_not_found"
    assert caught.value.request_id


def test_a_spec_is_checked_without_a_job(client: Client, deps: Deps) -> None:
    spec = {"dataset": samples.dataset(deps).id, "model": "houses", "target": "price"}
    assert client.validate(spec)["spec"]["task"] == "regression"
    with pytest.raises(Invalid) as caught:
        client.validate({**spec, "network": {"kind": "mlp", "hidden": [0]}})
    assert caught.value.errors[0].pointer == "/network/hidden/0"
    assert list(client.jobs()) == []


def test_a_job_that_waits_is_cancelled_at_once(client: Client, deps: Deps) -> None:
    dataset = samples.dataset(deps)
    job = client.train(dataset.id, "price", "houses", wait=False, exclude=["note"])
    assert (job.state, job.spec["target"]) == ("queued", "price")
    assert client.cancel(job.id).state == "cancelled"
    assert client.cancel(job.id).is_terminal
    assert [event.data.get("state") for event in client.events(job.id) if event.type == "state"] == [
        "queued",
        "cancelled",
    ]


def test_names_with_odd_characters_stay_one_part_of_the_path(client: Client) -> None:
    for id in ("../jobs", "a/b", "ds 1?x=y#z"):
        with pytest.raises(NotFound):
            client.dataset(id)
