"""Bodies that may come to any route that takes one: right ones, what chance makes of them, and small ones that unpack
to more than anyone has.

The model is that of `predict_cases`. Each route gets bodies of its own, and now and then those of another.
"""

from __future__ import annotations

import gzip
import io
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from tests.chaos import mutations, predict_cases
from tests.chaos.mutations import MOST_BYTES, TOKENS, mutated
from tests.chaos.predict_cases import ARROW, CSV, JSON, LINES, MODEL, ODD, PARQUET, PATHS, TYPES, Request

UNPACKED_BYTES = 64 * 1024 * 1024  # of a bomb that is packed
WORD = "x" * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Route:
    """A route and documents that it takes."""

    method: str
    path: str
    documents: Sequence[Any]


def routes(dataset: str) -> Sequence[Route]:
    """The routes of small documents. `dataset` is there; nothing here starts work that lasts."""
    spec = {"dataset": dataset, "model": "fuzzed", "target": "y", "epochs": 1, "network": {"kind": "linear"}}
    full = {
        **spec, "task": "regression", "split": {"validation": 0.2, "test": 0.1}, "scaler": "robust", "missing": "mean",
        "loss": "huber", "optimizer": {"kind": "adam", "learning_rate": 0.01}, "schedule": "cosine", "batch_size": 32,
        "early_stopping": {"patience": 3, "min_delta": 0.0}, "metadata": {"by": ["a", {"b": None}]}, "seed": 3,
    }  # fmt: skip
    of_batch = {"model": MODEL, "dataset": dataset, "format": "csv"}
    return (
        Route("POST", "/v1/jobs/validate", (spec, full)),
        Route("POST", "/v1/jobs", ({**spec, "dataset": "ds_none"}, {**full, "target": "none"})),
        Route("POST", "/v1/batch-predictions", ({**of_batch, "dataset": "ds_none"}, {**of_batch, "model": "none"})),
        Route("POST", "/v1/jobs/job_none/cancel", ({},)),
        Route("PUT", f"/v1/models/{MODEL}/aliases/fuzzed", ({"version": 1}, {"version": 99})),
        Route("PATCH", f"/v1/models/{MODEL}/versions/1", ({"metadata": {"by": {"a": None, "b": ["c"]}}},)),
        Route("DELETE", f"/v1/models/{MODEL}/aliases/none", ({},)),
        Route("GET", f"/v1/models/{MODEL}/compare?a=1&b=1", ({},)),
        Route("DELETE", "/v1/datasets/ds_none", ({},)),
        Route("POST", "/v1/nothing", ({},)),
    )


def request(seed: int, number: int, all_of: Sequence[Route]) -> Request:
    """The request of this number: the same whenever it is asked for."""
    draw = random.Random(f"{seed}/{number}")
    way = draw.random()
    if way < 0.35:
        this = predict_cases.request(seed, number)
    elif way < 0.55:
        this = _upload(mutations.case(seed, number))
    elif way < 0.85:
        this = _document(draw, draw.choice(all_of))
    else:
        this = _bomb(draw, all_of)
    if draw.random() < 0.05:  # another route's body
        route = draw.choice(all_of)
        return Request(route.path, this.body, this.headers, {}, route.method)
    return this


def _upload(case: mutations.Case) -> Request:
    if case.file_name is None:
        query = {name: value for name, value in case.query.items() if isinstance(value, str)}
        return Request("/v1/datasets", case.body, dict(case.headers), query)
    # as Python's clients send a name that is not ASCII (RFC 7578, 5.1)
    name = case.file_name.encode("utf-8", "surrogateescape")
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="' + name + b'"\r\n\r\n'
    body = head + case.body + b"\r\n--b--\r\n"
    return Request("/v1/datasets", body, {"Content-Type": "multipart/form-data; boundary=b"})


def _document(draw: random.Random, route: Route) -> Request:
    document = json.loads(json.dumps(draw.choice(route.documents)))
    for _ in range(draw.choice((0, 1, 2, 4))):
        if document:
            document[draw.choice([*document, "unknown"])] = draw.choice(ODD)
    body = json.dumps(document).encode("utf-8", "surrogatepass")
    for _ in range(draw.choice((0, 0, 1, 3))):
        body = mutated(draw, body, predict_cases.SEEDS)[:MOST_BYTES]
    if draw.random() < 0.05:
        body = b"".join(draw.choices(TOKENS, k=20))[:MOST_BYTES]
    headers = {"Content-Type": JSON if draw.random() < 0.9 else draw.choice(TYPES)}
    if draw.random() < 0.1:
        body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
        if draw.random() < 0.5:
            body = mutated(draw, body, predict_cases.SEEDS)[:MOST_BYTES]
    return Request(route.path, body, headers, {}, route.method)


def _bomb(draw: random.Random, all_of: Sequence[Route]) -> Request:
    media_type, encoding, make = BOMBS[draw.choice(list(BOMBS))]
    body = make()
    if draw.random() < 0.3:  # cut off, or damaged somewhere
        place = draw.randrange(len(body))
        body = body[:place] if draw.random() < 0.5 else body[:place] + draw.randbytes(8) + body[place + 8 :]
    headers = {"Content-Type": media_type, **({"Content-Encoding": encoding} if encoding else {})}
    where = draw.random()
    if where < 0.4:
        return Request(draw.choice(PATHS[:7]), body, headers)
    if where < 0.7:
        query = {"preview": "true"} if draw.random() < 0.3 else {}
        return Request("/v1/datasets", body, {**headers, "Content-Type": CSV} if encoding else headers, query)
    route = draw.choice(all_of)
    return Request(route.path, body, headers, {}, route.method)


def _repeated(piece: bytes) -> bytes:
    return piece * (UNPACKED_BYTES // len(piece))


def _stream(table: pa.Table, compression: str | None = None) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def _zeros(rows: int) -> pa.Table:
    return pa.table({"n": np.zeros(rows)})


def _words(word: str, rows: int) -> pa.Table:
    return pa.table({"city": pa.DictionaryArray.from_arrays(np.zeros(rows, np.int32), [word])})


BOMBS: Mapping[str, tuple[str, str, Callable[[], bytes]]] = {
    name: (media_type, encoding, cache(make))
    for name, media_type, encoding, make in (
        ("lists", JSON, "gzip", lambda: gzip.compress(b'{"records":[' + _repeated(b"[],") + b"[]]}")),
        ("numbers", JSON, "gzip", lambda: gzip.compress(b'{"instances":[[' + _repeated(b"1,") + b"1]]}")),
        ("depth", JSON, "gzip", lambda: gzip.compress(_repeated(b"["))),
        ("text", JSON, "zstd", lambda: zstandard.compress(b'{"metadata":{"a":"' + _repeated(b"x") + b'"}}')),
        ("late NaN", JSON, "gzip", lambda: gzip.compress(b'{"records":[' + b"{}," * 300_000 + b"NaN]}")),
        ("spaces", JSON, "gzip", lambda: gzip.compress(_repeated(b" ") + b"{}")),
        ("zeros", CSV, "gzip", lambda: gzip.compress(bytes(UNPACKED_BYTES))),
        ("line ends", CSV, "gzip", lambda: gzip.compress(b"n,city\n" + _repeated(b"\n"))),
        ("one line", CSV, "zstd", lambda: zstandard.compress(b"n,city\n" + _repeated(b"1"))),
        ("columns", CSV, "gzip", lambda: gzip.compress(_repeated(b"a,"))),
        ("json lines", LINES[0], "gzip", lambda: gzip.compress(_repeated(b"{}\n"))),
        ("quotes", CSV, "gzip", lambda: gzip.compress(b"n,city\n" + _repeated(b'"'))),
        ("arrow zstd", ARROW, "", lambda: _stream(_zeros(10_000_000), "zstd")),
        ("arrow lz4", ARROW, "", lambda: _stream(_zeros(10_000_000), "lz4")),
        ("arrow nulls", ARROW, "", lambda: _stream(pa.table({"n": pa.nulls(100_000_000)}))),
        ("arrow word", ARROW, "", lambda: _stream(_words(WORD, 8000), "zstd")),
        ("parquet zeros", PARQUET, "", lambda: _parquet(_zeros(10_000_000))),
        ("parquet word", PARQUET, "", lambda: _parquet(_words(WORD, 8000))),
        ("parquet text", PARQUET, "", lambda: _parquet(_words(WORD * 100, 1))),
    )
}
