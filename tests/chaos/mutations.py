"""Byte strings that may come as a table: seeds, mutated in ways that readers of CSV have stumbled over."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import zstandard

from tests.samples import parquet
from tests.unit.workers.ingest import corpus

MOST_BYTES = 20_000
PARQUET = "application/vnd.apache.parquet"

OWN: Sequence[bytes] = (
    b"a,b\n1,2\n3,4\n",
    b'id;name;price\r\n1;"M\xc3\xbcller, H.";1.234,50\r\n2;"say ""hi""";0,5\r\n3;;\r\n',
    b"\xef\xbb\xbfx\ty\tz\n1.5\ttrue\t2020-01-31\n-2e3\tfalse\t2020-02-01T12:00:00Z\n",
    "stadt|größe|am\nKöln|1 234,5|31.12.2020\nZürich|2,5|01.01.2021\n".encode("utf-16"),
    "ville,prix\nOrléans,12\nCréteil,13\n".encode("latin-1"),
    b"# comment\n\n\nday,n\n01/02/2020,1\n03/04/2020,2\n",
    b'a,b,c\n"multi\nline\ncell",1,x\n"unclosed,2,y\n3,4,z\n',
    b"n\n" + b"".join(b"%d\n" % (n * 9007199254740993) for n in range(50)),
    b"zip,yes,t\n01234,Y,12:00\n00001,N,13:61\n99999,,NA\n",
    b",".join(b"c%d" % n for n in range(300))
    + b"\n"
    + b",".join([b"1"] * 300)
    + b"\n"
    + b",".join([b""] * 299)
    + b"\n",
    b"word\n" + b"x" * 5000 + b"\n" + b"y\n" * 20,
    b"a b c\n1 2 3\n4  5 6\n",
    b"a,b\r1,2\r3,4\r",
    b"a,b\n=1+1,@x\n-1,+2\n\\N,null\n",
    b"a,a\n1,2\n",
    b"",
    b"\x00" * 20,
    parquet({"x": [1.5, None, 3.0], "word": ["a", "b", None], "yes": [True, False, None]}),
)
SEEDS: Sequence[bytes] = (*OWN, *(one.data for one in corpus.CASES if len(one.data) <= MOST_BYTES))
TOKENS: Sequence[bytes] = (
    b",", b";", b"\t", b"|", b" ", b'"', b'""', b"'", b"\\", b'\\"', b"\n", b"\r", b"\r\n", b"\n\n", b"\x00", b"\xff",
    b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xc3", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80", b"#", b"NaN", b"inf",
    b"-0", b"1e400", b"1e-400", b"0x1F", b"1_000", b"1,234,567.89", b"1.234.567,89", b"9" * 400, b"true", b"NA",
    b"2020-02-30", b"31/12/99", b"1.1.0000", b"9999-12-31T23:59:60Z", b"99999-01-01", b"2020-01-01T00:00:00-99:99",
    b"Jan 5 2020", b"\x1a", b"\x0b", b"\x85", b"\xe2\x80\xa8", b"=cmd()", b"a" * 3000, b"," * 500, b"\n" * 500,
    b'"' * 501, b"PAR1",
)  # fmt: skip
DELIMITERS = (",", ";", "tab", "|", "space", ":", "'", "\\", "#", "€", "-", ".")
ENCODINGS = ("utf-8", "utf-16", "latin-1", "windows-1252", "utf-32", "ascii", "utf-7", "shift_jis", "hz", "cp037")
KINDS = ("numeric", "boolean", "categorical", "text", "datetime", "datetime:dmy", "datetime:ymd")


@dataclass(frozen=True, slots=True)
class Case:
    """One request: what is sent, how, and with which options."""

    body: bytes
    query: dict[str, str | list[str]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    file_name: str | None = None  # of a form; None: the body as it is


def case(seed: int, number: int, seeds: Sequence[bytes] = SEEDS) -> Case:
    """The case of this number: the same whenever it is asked for."""
    draw = random.Random(f"{seed}/{number}")
    body = _bytes(draw, seeds)
    media_type = PARQUET if body[:4] == b"PAR1" or draw.random() < 0.01 else "text/csv"
    query: dict[str, str | list[str]] = _options(draw, body) if draw.random() < 0.25 else {}
    if draw.random() < 0.05:
        query["preview"] = "true"
    headers = {"Content-Type": media_type}
    if (way := draw.random()) < 0.1:
        name = draw.choice(("x.csv", "x.csv.gz", "x.parquet", "\u00e9\u202e.csv", "", "x" * 300))
        return Case(gzip.compress(body) if name.endswith(".gz") else body, query, {}, name or "x")
    if way < 0.2:
        encoding, pack = draw.choice((("gzip", gzip.compress), ("zstd", zstandard.compress)))
        body = pack(body)
        if draw.random() < 0.5:
            body = mutated(draw, body, seeds)
        headers["Content-Encoding"] = encoding
    return Case(body, query, headers)


def _bytes(draw: random.Random, seeds: Sequence[bytes]) -> bytes:
    if draw.random() < 0.1:
        return draw.randbytes(draw.randrange(200))
    if draw.random() < 0.05:
        return b"".join(draw.choices(TOKENS, k=draw.randrange(1, 40)))[:MOST_BYTES]
    body = draw.choice(seeds)
    for _ in range(draw.randrange(1, 8)):
        body = mutated(draw, body, seeds)
    return body[:MOST_BYTES]


def mutated(draw: random.Random, body: bytes, seeds: Sequence[bytes]) -> bytes:
    """The body with one thing changed: cut, doubled, replaced, or crossed with a seed."""
    start = draw.randrange(len(body) + 1)
    end = min(len(body), start + draw.choice((1, 1, 2, 8, 64, 1000)))
    part = body[start:end]
    ways: Sequence[Callable[[], bytes]] = (
        lambda: body[:start] + draw.choice(TOKENS) + body[start:],
        lambda: body[:start] + draw.choice(TOKENS) + body[end:],
        lambda: body[:start] + body[end:],
        lambda: body[:start] + part * draw.choice((2, 3, 50)) + body[end:],
        lambda: body[:start] + draw.randbytes(len(part)) + body[end:],
        lambda: body[:start] + bytes(byte ^ 1 << draw.randrange(8) for byte in part[:4]) + part[4:] + body[end:],
        lambda: body[:start],
        lambda: body[:start] + draw.choice(seeds)[start:],
        lambda: body.replace(draw.choice((b",", b";", b"\n", b'"', b"1")), draw.choice(TOKENS)),
        lambda: body * draw.choice((2, 20)),
    )
    return draw.choice(ways)()[:MOST_BYTES]


def _options(draw: random.Random, body: bytes) -> dict[str, str | list[str]]:
    names = body.split(b"\n", 1)[0].decode("latin-1").strip().split(",")[:3] or ["a"]
    options: dict[str, str | list[str]] = {}
    if draw.random() < 0.4:
        options["delimiter"] = draw.choice(DELIMITERS)
    if draw.random() < 0.3:
        options["encoding"] = draw.choice(ENCODINGS)
    if draw.random() < 0.3:
        options["header"] = draw.choice(("true", "false"))
    if draw.random() < 0.3:
        name = draw.choice([*names, "column_1"]).replace("\\", "").replace('"', "")
        if name.isprintable():
            options["types"] = f'{{"{name}": "{draw.choice(KINDS)}"}}'
    if draw.random() < 0.2:
        options["null_values"] = draw.choices(["1", "a", "NA", "", " ", '"', "\u00e9"], k=2)
    if draw.random() < 0.2:
        options["decimal"] = draw.choice((".", ","))
    return options
