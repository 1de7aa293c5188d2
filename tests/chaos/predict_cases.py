"""Bodies that may come to predict, in every content type and on every path: seeds that are right, and what chance makes
of them.

The model is `houses` (n, flag, city, day): see `ROWS`. Paths and types that a server does not have are refused by it,
which is one of the answers that are looked for.
"""

from __future__ import annotations

import copy
import gzip
import json
import random
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import zstandard

from tests.chaos.mutations import TOKENS, mutated
from tests.samples import arrow, parquet

MODEL = "houses"
NAMES = ("n", "flag", "city", "day")
ROWS: list[dict[str, Any]] = [
    {"n": 1.5, "flag": True, "city": "Lyon", "day": "2024-01-31"},
    {"n": -3.0, "flag": False, "city": "Lille", "day": "2024-02-29"},
    {"n": 0.25, "flag": True, "city": "Köln", "day": "2025-12-31"},
    {"n": None, "flag": None, "city": None, "day": None},
]
JSON, CSV = "application/json", "text/csv"
ARROW, PARQUET = "application/vnd.apache.arrow.stream", "application/vnd.apache.parquet"
LINES = ("application/x-ndjson", "application/jsonl", "application/jsonlines")
BINARY = "application/octet-stream"
TYPES = (JSON, CSV, ARROW, PARQUET, *LINES, BINARY, "text/plain", "application/problem+json", "", "x/y; charset=\xff")
ACCEPTS = ("*/*", JSON, CSV, ARROW, LINES[0], "text/html", "application/json;q=0, text/csv", "nonsense", "")
PATHS = (
    f"/v1/models/{MODEL}/predict", f"/v1/models/{MODEL}:1/predict", "/v1/predict", "/invocations",
    f"/models/{MODEL}/invocations", f"/v2/models/{MODEL}/infer", f"/v2/models/{MODEL}/versions/1/infer",
    f"/v1/models/{MODEL}@x/predict", "/v1/models/%00/predict", f"/v1/models/{MODEL}:99999999999999999999/predict",
)  # fmt: skip
LENGTH = "Inference-Header-Content-Length"
ODD: Sequence[Any] = (
    None, True, 0, -1, 1e308, -1e-320, 2**63, 2**64, 10**400, "", " ", "NaN", "1,5", "1e400", "x" * 3000, "\ud800",
    "2024-13-45", "9999-12-31T23:59:60Z", [], {}, [[[[]]]], {"a": {"b": []}}, float("nan"), float("inf"), "é\u202e",
    "\0", [1] * 500,
)  # fmt: skip
MOST_BYTES = 20_000


@dataclass(frozen=True, slots=True)
class Request:
    """One request of the fuzz."""

    path: str
    body: bytes
    headers: dict[str, str]
    query: dict[str, str] = field(default_factory=dict)
    method: str = "POST"


def documents() -> dict[str, Any]:
    """Right JSON bodies, by the form that they have."""
    columns = {name: [row[name] for row in ROWS] for name in NAMES}
    lists = [[row[name] for name in NAMES] for row in ROWS]
    split = {"columns": list(NAMES), "data": lists}
    tensors = [
        {"name": "n", "shape": [4], "datatype": "FP64", "data": [1.5, -3.0, 0.25, 0.0]},
        {"name": "flag", "shape": [4], "datatype": "BOOL", "data": [True, False, True, False]},
        {"name": "city", "shape": [4], "datatype": "BYTES", "data": ["Lyon", "Lille", "Köln", ""]},
        {"name": "day", "shape": [4], "datatype": "BYTES", "data": ["2024-01-31", "2024-02-29", "2025-12-31", ""]},
    ]
    return {
        "records": {"records": ROWS},
        "instances": {"instances": lists},
        "columns": {"columns": columns},
        "dataframe_split": {"dataframe_split": split},
        "dataframe_records": {"dataframe_records": ROWS},
        "inputs": {"inputs": columns},
        "tensors": {"id": "1", "inputs": tensors},
        "named": {"model": MODEL, "records": ROWS},
    }


def tables() -> dict[str, bytes]:
    """Right bodies that are no JSON document, by content type."""
    columns: dict[str, Any] = {name: [row[name] for row in ROWS] for name in NAMES}
    columns["day"] = [day and date.fromisoformat(day) for day in columns["day"]]
    words = {None: "", True: "true", False: "false"}
    cells = [[str(words.get(row[name], row[name])) for name in NAMES] for row in ROWS]
    csv = "\n".join([",".join(NAMES), *map(",".join, cells)]) + "\n"
    lines = "".join(json.dumps(row) + "\n" for row in ROWS)
    return {CSV: csv.encode(), ARROW: arrow(columns), PARQUET: parquet(columns), LINES[0]: lines.encode()}


def binary() -> tuple[bytes, int]:
    """Tensors in Triton's binary extension, and the length of the JSON before them."""
    data = [
        struct.pack("<2d", 1.5, -3.0),
        b"\x01\x00",
        b"".join(struct.pack("<I", len(word)) + word for word in (b"Lyon", b"Lille")),
        b"".join(struct.pack("<I", len(word)) + word for word in (b"2024-01-31", b"2024-02-29")),
    ]
    kinds = ("FP64", "BOOL", "BYTES", "BYTES")
    inputs = [
        {"name": name, "shape": [2], "datatype": kind, "parameters": {"binary_data_size": len(part)}}
        for name, kind, part in zip(NAMES, kinds, data, strict=True)
    ]
    head = json.dumps({"inputs": inputs, "parameters": {"binary_data_output": True}}).encode()
    return head + b"".join(data), len(head)


DOCUMENTS, TABLES, TENSORS = documents(), tables(), binary()
SEEDS = [*(json.dumps(one).encode() for one in DOCUMENTS.values()), *TABLES.values(), TENSORS[0], b"", b"[" * 3000]


def request(seed: int, number: int) -> Request:
    """The request of this number: the same whenever it is asked for."""
    draw = random.Random(f"{seed}/{number}")
    headers: dict[str, str] = {}
    way = draw.random()
    if way < 0.45:
        path, body, media_type = _document(draw)
    elif way < 0.8:
        media_type = draw.choice(list(TABLES))
        path, body = draw.choice((PATHS[0], *PATHS[:5])), TABLES[media_type]
    else:
        path, (body, length), media_type = draw.choice(PATHS[5:7]), TENSORS, BINARY
        headers[LENGTH] = str(length if draw.random() < 0.7 else draw.choice((0, -1, length + 7, 10**12, "x", "")))
    for _ in range(draw.choice((0, 0, 0, 1, 1, 2, 5))):
        body = mutated(draw, body, SEEDS)[:MOST_BYTES]
    if draw.random() < 0.05:
        body = b"".join(draw.choices(TOKENS, k=20))[:MOST_BYTES] if draw.random() < 0.5 else draw.randbytes(200)
    headers["Content-Type"] = media_type if draw.random() < 0.9 else draw.choice(TYPES)
    if draw.random() < 0.5:
        headers["Accept"] = draw.choice(ACCEPTS)
    if draw.random() < 0.1:
        body, headers["Content-Encoding"] = _packed(draw, body)
    if draw.random() < 0.05:
        path = draw.choice(PATHS)
    return Request(path, body, headers, _query(draw, path))


def _document(draw: random.Random) -> tuple[str, bytes, str]:
    form = draw.choice(list(DOCUMENTS))
    path = {"named": "/v1/predict", "tensors": draw.choice(PATHS[5:7])}.get(form, draw.choice((PATHS[0], *PATHS[:5])))
    document = json.loads(json.dumps(DOCUMENTS[form]))
    for _ in range(draw.choice((0, 0, 1, 3))):
        _disturb(draw, document)
    return path, json.dumps(document).encode("utf-8", "surrogatepass"), JSON


def _disturb(draw: random.Random, document: Any) -> None:
    """Put something odd in a place within it, or take the place away."""
    while True:
        places = list(document) if isinstance(document, dict) else list(range(len(document)))
        if not places:
            return
        place = draw.choice(places)
        if isinstance(document[place], dict | list) and document[place] and draw.random() < 0.8:
            document = document[place]
            continue
        odd = copy.deepcopy(draw.choice(ODD))  # later disturbances may go into it
        if draw.random() < 0.2:
            del document[place]
        elif isinstance(document, dict) and draw.random() < 0.2:
            document[draw.choice(("", "é", "model", "records", "n" * 300, "inputs"))] = odd
        else:
            document[place] = odd
        return


def _packed(draw: random.Random, body: bytes) -> tuple[bytes, str]:
    encoding, pack = draw.choice((("gzip", gzip.compress), ("zstd", zstandard.compress), ("br", bytes)))
    body = pack(body)
    return (mutated(draw, body, SEEDS) if draw.random() < 0.5 else body)[:MOST_BYTES], encoding


def _query(draw: random.Random, path: str) -> dict[str, str]:
    query = {"model": MODEL} if path == "/v1/predict" and draw.random() < 0.5 else {}
    if draw.random() < 0.2:
        options = {
            "flags": ("true", "false", "1", "maybe"), "on_error": ("fail", "null", "x"), "echo": ("true", "false"),
            "intervals": ("0.9", "0", "1", "nan", "-1", "1e400"), "contributions": ("true",),
            "columns": ("prediction", "x"),
            "delimiter": (",", ";", "tab", "€", ""), "encoding": ("utf-8", "utf-16", "cp037"),
            "header": ("true", "false"),
            "decimal": (",", "."), "unknown": ("1",),
        }  # fmt: skip
        for name in draw.sample(list(options), k=draw.randrange(1, 4)):
            query[name] = draw.choice(options[name])
    return query
