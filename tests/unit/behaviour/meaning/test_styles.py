"""One meaning of a row: tables in random styles are learnt from, and the same rows as CSV cells, JSON, Arrow and
Parquet are answered with the same numbers, bit by bit."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.domain.cells.columns import Columns, Values, from_json, from_text
from service.domain.cells.written import MISSING_WORDS
from service.domain.model.artifact import MANIFEST, WEIGHTS, dump, read
from service.domain.model.predictor import Predictor
from service.domain.resolving.limits import Limits
from service.domain.resolving.resolve import resolve
from service.domain.spec.schema import read_spec
from service.reading.arrow.values import values_of
from tests.unit.workers.ingest.reading import ingest
from tests.unit.workers.training.running import run

ROWS = 60
LIMITS = Limits(max_parameters=100_000, max_classes=1000, max_categories=5)
steady = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
TRUTHS = (("false", "true"), ("No", "Yes"), ("N", "Y"), ("F", "T"), ("FALSE", "TRUE"), ("no ", " yes"))
GAPS: tuple[tuple[list[str] | None, tuple[str, ...]], ...] = (
    (None, MISSING_WORDS), (["-"], ("", "-", " -")), (["-999"], ("-999", "", "-999.0")),
    (["NA", "none"], ("NA", " none ")),
)  # fmt: skip
DATES = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y %H:%M", "%d %b %Y", "%Y-%m-%d %H:%M:%S.%f")


@dataclass(frozen=True)
class Style:
    """How a file is written."""

    delimiter: str
    decimal: str
    grouped: bool
    gaps: int
    dates: str
    truths: tuple[str, str]
    blanks: bool


styles = st.builds(
    Style, st.sampled_from(",;\t|"), st.sampled_from(("", ".", ",")), st.booleans(), st.integers(0, len(GAPS) - 1),
    st.sampled_from(DATES), st.sampled_from(TRUTHS), st.booleans(),
).filter(lambda style: style.delimiter != style.decimal)  # fmt: skip

Typed = float | bool | datetime | str | None


@dataclass(frozen=True)
class Written:
    """A column: its cells as they stand in the file, and as a program holds them."""

    texts: list[str]
    typed: list[Typed]
    type: pa.DataType


def numbers(draw: np.random.Generator, style: Style) -> Written:
    def cell() -> tuple[str, float]:
        value = round(float(draw.normal() * 10.0 ** draw.integers(-3, 6)), int(draw.integers(0, 5)))
        text = f"{value:,}" if style.grouped and style.decimal else repr(value)
        if style.decimal == ",":
            text = text.translate(str.maketrans(",.", ".,"))
        return text, value

    return _column(draw, style, cell, pa.float64())


def wholes(draw: np.random.Generator, style: Style) -> Written:
    def cell() -> tuple[str, float]:
        value = int(draw.integers(-500, 500))
        return str(value), value

    return _column(draw, style, cell, pa.int64())


def words(draw: np.random.Generator, style: Style) -> Written:
    known = ("red", 'the "best"', "Ω≈ç √", "a;b|c\td,e", "two\nlines", "NA" if style.gaps == 1 else "nope", "0x")

    def cell() -> tuple[str, str]:
        word = known[draw.integers(len(known))]
        return (f" {word} " if style.blanks and draw.random() < 0.3 else word), word

    return _column(draw, style, cell, pa.string())


def truths(draw: np.random.Generator, style: Style) -> Written:
    def cell() -> tuple[str, bool]:
        truth = bool(draw.random() < 0.5)
        return style.truths[truth], truth

    return _column(draw, style, cell, pa.bool_())


def moments(draw: np.random.Generator, style: Style) -> Written:
    def cell() -> tuple[str, datetime]:
        moment = datetime(2024, 2, 29) + timedelta(seconds=float(draw.uniform(-3e9, 3e9)))
        text = moment.strftime(style.dates)
        return text, datetime.strptime(text, style.dates)

    return _column(draw, style, cell, pa.timestamp("us"))


def _column(draw: np.random.Generator, style: Style, cell: Callable[[], tuple[str, Any]], type: pa.DataType) -> Written:
    gaps = [gap for gap in GAPS[style.gaps][1] if gap != "-999.0" or type in (pa.float64(), pa.int64())]
    if style.decimal == ",":
        gaps = [gap.replace(".", ",") for gap in gaps]
    pairs = [(gaps[draw.integers(len(gaps))], None) if draw.random() < 0.1 else cell() for _ in range(ROWS)]
    return Written([text for text, _ in pairs], [value for _, value in pairs], type)


MAKERS = {"n": numbers, "w": wholes, "c": words, "b": truths, "t": moments}
KINDS = {"n": "numeric", "w": "numeric", "c": "categorical", "b": "boolean", "t": "datetime"}


def as_csv(style: Style, columns: dict[str, list[str]]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=style.delimiter).writerows([list(columns), *zip(*columns.values(), strict=True)])
    return out.getvalue()


def learnt(directory: Path, style: Style, columns: dict[str, Written], target: Sequence[str]) -> Predictor:
    """A model of the table, as the API has it."""
    texts = {**{name: column.texts for name, column in columns.items()}, "y": list(target)}
    options: dict[str, Any] = {"delimiter": style.delimiter, "types": {**KINDS, "b": "boolean", "y": "categorical"}}
    if style.dates in ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y %H:%M"):
        options["types"]["t"] = "datetime:mdy" if style.dates.startswith("%m") else "datetime:dmy"
    if GAPS[style.gaps][0] is not None:
        options["null_values"] = GAPS[style.gaps][0]
    if style.decimal:
        options["decimal"] = style.decimal
    done = ingest(directory, as_csv(style, texts), **options)
    assert (done.table.rows, done.rejects) == (ROWS, [])
    assert done.kinds == {**KINDS, "y": "categorical"}
    body = {"dataset": "ds_1", "model": "m", "target": "y", "epochs": 3, "network": {"kind": "mlp", "hidden": [4]}}
    spec = replace(resolve(read_spec(body), done.table, LIMITS).spec, device="cpu", early_stopping=None)
    trained = run(done.path, spec, done.kinds, LIMITS.max_categories)
    files = dump(replace(trained.predictor, text_style=done.style))
    return read(files[MANIFEST], files[WEIGHTS])


def answers(predictor: Predictor, cells: Callable[[str, Any], Values]) -> Any:
    """Predictions of all rows, in bits."""
    data = {name: cells(name, kind) for name, kind in predictor.feature_kinds.items()}
    return predictor.predict(Columns(data, ROWS)).tobytes()


def as_json(column: Written, decimal: str) -> list[Any]:
    """A plain number as a JSON number, any other cell as it is written."""

    def cell(text: str) -> Any:
        try:
            return None if "_" in text or "n" in text.lower() else float(text) if "." in text else int(text)
        except ValueError:
            return text

    if column.type not in (pa.float64(), pa.int64()) or decimal == ",":
        return list(column.texts)
    return [text if (value := cell(text)) is None else value for text in column.texts]


@steady
@given(styles, st.integers(0, 10_000))
def test_the_same_rows_in_every_form_are_answered_with_the_same_bits(tmp_path: Path, style: Style, seed: int) -> None:
    draw = np.random.default_rng(seed)
    columns = {name: make(draw, style) for name, make in MAKERS.items()}
    predictor = learnt(tmp_path, style, columns, [("well", "ill")[row % 2] for row in range(ROWS)])
    written = predictor.text_style
    expected = answers(predictor, lambda name, kind: from_text(name, kind, columns[name].texts, written))
    assert expected == answers(
        predictor, lambda name, kind: from_json(name, kind, as_json(columns[name], style.decimal), written)
    )
    texts = {name: pa.array(column.texts) for name, column in columns.items()}
    for form in (texts, {name: cells.dictionary_encode() for name, cells in texts.items()}):
        assert expected == answers(predictor, lambda name, kind, form=form: values_of(name, kind, form[name], written))
    table = pa.table({name: pa.array(column.typed, column.type) for name, column in columns.items()})
    sink = io.BytesIO()
    pq.write_table(table, sink)
    stored = pq.read_table(io.BytesIO(sink.getvalue()))
    for typed in (table, stored, _as_pandas(table)):
        assert expected == answers(
            predictor, lambda name, kind, typed=typed: values_of(name, kind, typed.column(name), written)
        )
    lists = table.to_pydict()
    lists["t"] = [None if cell is None else cell.isoformat() for cell in lists["t"]]
    assert expected == answers(predictor, lambda name, kind: from_json(name, kind, lists[name], written))


def _as_pandas(table: pa.Table) -> pa.Table:
    """Whole numbers and truths beside gaps, as pandas holds them: floats, and objects."""
    frame = table.to_pandas()
    return pa.Table.from_pandas(frame.assign(b=frame.b.astype("float")), preserve_index=False)


@pytest.mark.parametrize("style", [Style(",", "", False, 2, "%Y-%m-%d", ("No", "Yes"), True)])
def test_what_is_compared_depends_on_every_column(tmp_path: Path, style: Style) -> None:
    draw = np.random.default_rng(1)
    columns = {name: make(draw, style) for name, make in MAKERS.items()}
    predictor = learnt(tmp_path, style, columns, [("well", "ill")[row % 2] for row in range(ROWS)])
    expected = answers(predictor, lambda name, kind: from_text(name, kind, columns[name].texts, predictor.text_style))
    for changed in columns:
        other = {name: column.texts[::-1] if name == changed else column.texts for name, column in columns.items()}
        assert expected != answers(
            predictor, lambda name, kind, o=other: from_text(name, kind, o[name], predictor.text_style)
        )
