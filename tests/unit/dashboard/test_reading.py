"""How a file and what is declared of it are sent, and how an upload comes on."""

from __future__ import annotations

import pytest

from service.api.uploads.arriving import PARQUET
from service.api.uploads.options import merged
from tests.unit.dashboard.node import run

READING = "pages/datasets/upload/reading.ts"


@pytest.mark.parametrize(
    ("file", "name", "media_type", "packed"),
    [
        ("houses.csv", "houses.csv", "text/csv", ""),
        ("a.b.CSV.GZ", "a.b.CSV", "text/csv", "gzip"),
        ("t.parquet", "t.parquet", PARQUET, ""),
        ("t.pq.zst", "t.pq", PARQUET, "zstd"),
        ("gz", "gz", "text/csv", ""),
        ("a\tb\n<script>.csv", "ab<script>.csv", "text/csv", ""),
        ("\u0001", "dataset", "text/csv", ""),
        ("🏠" * 300, "🏠" * 200, "text/csv", ""),
    ],
)
def test_file_is_told_by_its_name(file: str, name: str, media_type: str, packed: str) -> None:
    told = run(READING, "return module.toldOf(given);", file)
    assert told == {"name": name, "mediaType": media_type, "packed": packed}


def test_options_are_what_the_server_reads() -> None:
    script = """
      const reading = { ...module.AS_FOUND, delimiter: "tab", header: "false", decimal: ",", encoding: "cp1252",
        missing: ["-", "a, b", "[x]"], kinds: new Map([["__proto__", "text"], ["zip, \\"code\\"", "categorical"]]) };
      const options = module.optionsOf(reading, "text/csv");
      return [...module.bodyOf(new Blob(["x"]), module.toldOf("a.csv.gz"), options).query];
    """
    sent = {name: [value] for name, value in run(READING, script)}
    assert merged({}, sent) == {
        "delimiter": "\t", "header": False, "decimal": ",", "encoding": "windows-1252",
        "null_values": ["-", "[x]", "a, b"], "types": {"__proto__": "text", 'zip, "code"': "categorical"},
    }  # fmt: skip


def test_parquet_takes_kinds_alone() -> None:
    script = """
      const reading = { ...module.AS_FOUND, delimiter: ";", missing: ["x"], kinds: new Map([["a", "text"]]) };
      return [...module.optionsOf(reading, module.PARQUET)];
    """
    assert run(READING, script) == [["types", '{"a":"text"}']]


def test_more_options_than_an_address_holds_go_as_a_form() -> None:
    script = """
      const kinds = new Map(Array.from({ length: 1000 }, (_, at) => [`column ${at}`, "text"]));
      const { query, body, headers } = module.bodyOf(new Blob(["x"]), module.toldOf("a.csv.gz"),
        module.optionsOf({ ...module.AS_FOUND, kinds }, "text/csv"));
      const file = body.get("file");
      return { query: query.toString(), headers, kinds: Object.keys(JSON.parse(body.get("types"))).length,
        name: file.name, size: file.size, last: [...body.keys()].at(-1) };
    """
    sent = run(READING, script)
    assert sent == {"query": "", "headers": {}, "kinds": 1000, "name": "a.csv.gz", "size": 1, "last": "file"}


def test_a_part_of_a_large_file_is_sent_to_be_looked_at() -> None:
    script = """
      const part = module.partOf(new Blob([new Uint8Array(3_000_000)]), "text/csv");
      const end = await module.partOf(new Blob([new Uint8Array(3_000_000), "PAR1"]), module.PARQUET).text();
      const has = (name, size) => module.hasPreview(size, module.toldOf(name));
      return [part.size, end.length, end.slice(-4), has("a.csv", 3e9), has("a.parquet", 3e9), has("a.parquet.gz", 3e9),
        has("a.parquet.gz", 9)];
    """
    size, *others = run(READING, script)
    assert 2**20 < size < 2**21
    assert others == [2**20, "PAR1", True, True, False, True]


@pytest.mark.parametrize(("name", "is_wrong"), [("houses", False), (" ", True), ("a\tb", True), ("x" * 201, True)])
def test_name_that_no_dataset_can_have_is_told(name: str, is_wrong: bool) -> None:
    assert bool(run(READING, "return module.wrongName(given);", name)) is is_wrong


def test_pasted_cells_become_a_file() -> None:
    script = """
      const text = "size\\tprice\\r\\n1,5\\t20\\r\\n";
      const file = module.fileOf(text);
      const { delimiterOf, fileOf, sizeOf } = module;
      return [await file.text(), delimiterOf(text), sizeOf(text), delimiterOf("a,b\\n1\\t2"), fileOf(" \\n")];
    """
    text, delimiter, size, none, nothing = run("pages/datasets/upload/pasted.ts", script)
    assert (text, delimiter, none, nothing) == ("size\tprice\r\n1,5\t20\r\n", "tab", "", None)
    assert size == {"lines": 2, "cells": 2}


def test_pace_of_an_upload() -> None:
    script = "return given.map(([sent, total, passed]) => module.paceOf({ sent, total }, passed));"
    begun, half, all_of_it, unknown = run(
        "pages/datasets/upload/pace.ts", script, [[0, 100, 0], [50, 100, 5], [100, 100, 9], [5, 0, 1]]
    )
    assert begun == {"fraction": 0, "perSecond": None, "left": None, "isAll": False}
    assert half == {"fraction": 0.5, "perSecond": 10, "left": 5, "isAll": False}
    assert all_of_it["isAll"] is True
    assert all_of_it["left"] is None
    assert unknown["fraction"] is None
