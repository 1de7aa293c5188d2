"""A file that a model was trained on is predicted from as it is, and answers what its rows answer in any other form."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from flask.testing import FlaskClient

from service.domain.cells.kinds import Kind
from service.domain.model.feature import Feature
from service.domain.model.network import Network
from service.domain.model.predictor import Predictor
from service.domain.model.transform import FittedTransform
from service.wiring import Deps
from tests import samples
from tests.unit.workers.ingest.corpus import CASES, Case
from tests.unit.workers.ingest.reading import Read, read
from workers.ingest.run import run as ingest
from workers.jobs.dispatch import run as train

FIXTURES = Path(__file__).parents[3] / "fixtures" / "own_files"
ARROW = "application/vnd.apache.arrow.stream"
PARQUET = "application/vnd.apache.parquet"
LINES = "application/x-ndjson"


@dataclass(frozen=True)
class File:
    """A file, how it was uploaded, its target, and its feature columns as a person reads them off."""

    name: str
    target: str
    features: tuple[str, ...]
    options: tuple[tuple[str, str], ...] = ()
    rows: int = 60


FILES = [
    File("quoted-header", "y", ("age", "city")),
    File("header-with-blanks", "y", ("age", "income")),
    File("comment-line-above-header", "y", ("age", "inc")),
    File("blank-lines-above-header", "y", ("age", "inc")),
    File("windows-1252-file", "y", ("Größe", "Stadt")),
    File("blanks-as-delimiter", "y", ("name", "x")),
    File("declared-delimiter-caret", "y", ("name", "x"), (("delimiter", "^"),)),
    File("file-without-header", "column_2", ("column_1", "column_3"), (("header", "false"),)),
    File("metadata-lines-above-header", "value", ("year", "q")),
    File("half-the-rows-short", "y", ("a", "b", "c"), rows=200),
    File("unnamed-index-column", "y", ("b",)),
    File("trailing-delimiter", "y", ("a", "b")),
    File("sep-line-of-excel", "y", ("a", "b")),
    File("write.table-with-row-names", "Y", ("A", "B"), rows=30),
    File("numbers-for-names", "column_1", ("column_2", "column_3"), rows=80),
    File("single-quoted-names-and-blanks", "GRADE", ("GPA", "PSI"), rows=40),
]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_file_that_trained_a_model_is_predicted_from(file: File, client: FlaskClient, deps: Deps) -> None:
    data = (FIXTURES / f"{file.name}.csv").read_bytes()
    uploaded = client.post("/v1/datasets", data=data, query_string=dict(file.options), content_type="text/csv")
    ingest(deps, uploaded.json["id"])
    job = client.post(
        "/v1/jobs", json={"dataset": uploaded.json["id"], "model": "own", "target": file.target, "epochs": 20}
    )
    train(deps, job.json["id"])
    answer = client.post("/v1/models/own/predict", data=data, content_type="text/csv")
    assert answer.status_code == 200, answer.json
    table = table_of(deps, uploaded.json["id"])
    assert len(answer.json["predictions"]) == table.num_rows == file.rows
    assert answer.json["predictions"] == in_json(client, "own", table, file.features)
    assert answer.json["predictions"] == in_arrow(client, "own", table)
    assert np.std(answer.json["predictions"]) > 0


@pytest.mark.parametrize("case", [case for case in CASES if case.table], ids=lambda case: case.name)
def test_every_file_that_ingest_reads_is_predicted_from(
    case: Case, client: FlaskClient, deps: Deps, tmp_path: Path
) -> None:
    found = read(tmp_path, case.data, case.options)
    predictor = weighing(found)
    samples.publish(deps, predictor, "any")
    answer = client.post("/v1/models/any/predict?on_error=null", data=case.data, content_type="text/csv")
    assert answer.status_code == 200, answer.json
    predictions = answer.json["predictions"]
    refused = [error["line"] for error in answer.json["errors"]]
    assert refused == sorted(reject.line for reject in found.loaded.rejects)
    kept = [prediction is not None for prediction in predictions]
    assert kept.count(True) == found.loaded.rows
    assert kept.count(False) == answer.json["failed"] == len(refused)
    table = with_gaps(pq.read_table(found.loaded.path), kept)
    assert of_kept(in_json(client, "any", table, tuple(predictor.feature_kinds)), kept) == of_kept(predictions, kept)
    assert of_kept(in_lines(client, "any", table), kept) == of_kept(predictions, kept)
    assert of_kept(in_arrow(client, "any", table), kept) == of_kept(predictions, kept)
    assert of_kept(in_parquet(client, "any", table), kept) == of_kept(predictions, kept)


def weighing(found: Read) -> Predictor:
    """A model that tells any two values of any column of this table apart, as the file's own dialect writes them."""
    features = []
    for name, read_as in found.loaded.kinds.items():
        kind: Kind = "categorical" if read_as == "text" else read_as  # else the model could not read it
        cells = [cell for cell in found.table[name] if cell is not None]
        words = tuple(dict.fromkeys(cells))[:100] if kind == "categorical" else ()
        features.append(Feature(name, kind, fill=None if words else 0.5, indicator=True, categories=words, other=True,
                                fill_category=words[0] if words else None))  # fmt: skip
    width = sum(len(feature.encoded_names) for feature in features)
    network = Network((width, 1))
    weights = np.random.default_rng(7).normal(size=width + 1).astype(np.float32)
    transform = FittedTransform(tuple(features), np.arange(width), np.zeros(width), np.ones(width))
    return Predictor(
        "regression", "weight of all", transform, network, weights,
        text_style=found.loaded.style, dialect=found.loaded.dialect,
    )  # fmt: skip


def table_of(deps: Deps, id: str) -> Any:
    from service.store.tables import DatasetRow

    with deps.database.read() as session:
        row = session.get(DatasetRow, id)
        assert row is not None
        assert row.state == "ready"
    with deps.blobs.local(row.table_key or "") as path:
        return pq.read_table(path)


def with_gaps(table: Any, kept: Sequence[bool]) -> Any:
    """The table with an empty row wherever a row of the file was refused: rows stand at the same places in a piece."""
    places = iter(range(table.num_rows))
    return table.take(pa.array([next(places) if there else None for there in kept], pa.int64()))


def of_kept(answers: Sequence[Any], kept: Sequence[bool]) -> list[Any]:
    return [answer for answer, there in zip(answers, kept, strict=True) if there]


def as_json(cell: Any) -> Any:
    return cell.isoformat() if isinstance(cell, datetime) else cell


def in_json(client: FlaskClient, model: str, table: Any, features: Sequence[str]) -> list[Any]:
    columns = {name: [as_json(cell) for cell in table[name].to_pylist()] for name in features}
    answer = client.post(f"/v1/models/{model}/predict", json={"columns": columns})
    assert answer.status_code == 200, answer.json
    return list(answer.json["predictions"])


def in_lines(client: FlaskClient, model: str, table: Any) -> list[Any]:
    rows = [{name: as_json(cell) for name, cell in row.items()} for row in table.to_pylist()]
    return sent(client, model, b"".join(orjson.dumps(row) + b"\n" for row in rows), LINES)


def in_arrow(client: FlaskClient, model: str, table: Any) -> list[Any]:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=3)
    return sent(client, model, sink.getvalue().to_pybytes(), ARROW)


def in_parquet(client: FlaskClient, model: str, table: Any) -> list[Any]:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sent(client, model, sink.getvalue(), PARQUET)


def sent(client: FlaskClient, model: str, data: bytes, media_type: str) -> list[Any]:
    answer = client.post(f"/v1/models/{model}/predict", data=data, content_type=media_type)
    assert answer.status_code == 200, answer.json
    return list(answer.json["predictions"])
