"""A cell means the same to ingest and to prediction, however oddly it is written; or both refuse it."""

from __future__ import annotations

import csv
import io
import math
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service.domain.cells.columns import CellInvalid, from_text
from service.domain.cells.kinds import Kind
from service.domain.cells.written import PLAIN, TextStyle
from service.errors import WorkFailed
from tests.unit.workers.ingest.reading import Ingested, ingest


def kept(done: Ingested, kind: Kind) -> Any:
    """The first cell of `x` as ingest has kept it: a number, a string, or None."""
    if not done.table.rows:
        return "refused"
    cell = done.cells("x")[0]
    if isinstance(cell, datetime):
        return (cell - datetime(1970, 1, 1)) / timedelta(microseconds=1) / 1e6
    return float(cell) if kind in ("numeric", "boolean") and cell is not None else cell


def said(kind: Kind, cell: str, style: TextStyle = PLAIN) -> Any:
    """The same cell as prediction understands it, in the style that ingest has found."""
    try:
        values = from_text("x", kind, [cell], style)
    except CellInvalid:
        return "refused"
    if isinstance(values, np.ndarray):
        return None if math.isnan(values[0]) else float(values[0])
    return None if values.codes[0] < 0 else values.values[0]


ODD: dict[Kind, tuple[str, ...]] = {
    "numeric": (
        "1", "+1", " 1 ", "\t1", "1.", ".5", "-.5e-3", "1E5", "1e-400", "1_000", "1__0", "_1", "1_", "0x1F", "1,5",
        "1d", "1e", "--1", "- 1", "1 000", "   ", " NA ", "NAN", "-nan", ".", "-", "00012", "\u0661", "1\u00a0", "true",
        "1e5_0", "123456789012345678901234567890", "4.9e-324", "-0", "$5", "5%", "1.0f", "0b11", "\x1c1", "1.2.3",
        "1,234.5", "1.234,5", "12,34,567", "-$5", "(\u20ac7)", "5 kr", "\u22125", "#REF!", "--", "?", "1990_91",
    ),
    "boolean": (
        "true", "TRUE", "tRuE", "t", "yes", "Y", "1", "0", "no", "N", "F", " true ", "on", "off", "2", "1.0", " ",
    ),
    "datetime": (
        "2020-01-05", "2020-1-5", "2020/01/05", "2020 01 05", "2020-01-05 10:00", "2020-01-05T10:00:00Z", "20200105",
        "2020-01-05 10:00:00+02", "2020-01-05T10:00:00-0530", "2020-01-05T10:00:00+05:30", "2020-01-05 10:00:00 UTC",
        "2020-01-05 10:00:00 gmt", "2020-01-05T10:00:00.1", "2020-01-05T10:00:00.123456789", "2020-01-05T10:00:00,5",
        "2020-W01-1", "2020-01-05T10", "2020-02-30", "2020-13-01", "05/01/2020", "12:00", "2020-01", "2020",
        " 2020-01-05", "2020-01-05 ", "2020-01-05  10:00", "2020-01-05t10:00:00z", "2020-01-05T24:00:00",
        "2020-01-05T25:00", "2020-01-05T10:00:60", "2020-01-05T10:60", "1969-12-31T23:59:59.999999",
        "9999-12-31T23:59:59.999999", "0001-01-01", "2020-01/05", "2020-01-05Z", "2020-01-05T10:00:00+2",
        "2020-01-05 1:2:3", "2020-01-05x", "NA", "",
    ),
    "categorical": (
        "a", " a ", "", "NA", " NA", "na", "Null", "NULL", "nan", 'a"b', '"', '""', "a,b", "a\nb", "a\r\nb", "é",
        "\u2028", "a\\b", "'", "#N/A", "-", "None", "none", "<NA>", "0", "00", "1e5", "true", "\u00a0",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "cell"), [(kind, cell) for kind, cells in ODD.items() for cell in cells])
def test_ingest_and_prediction_agree_on_every_cell(tmp_path: Path, kind: Kind, cell: str) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([["x", "n"], [cell, "1"]])
    style = PLAIN
    try:
        done = ingest(tmp_path, out.getvalue(), types={"x": kind})
        found, style = kept(done, kind), done.style
    except WorkFailed as error:  # the only row is a reject
        found = "refused" if error.code == "no_rows" else error.code
    assert found == said(kind, cell, style)


@pytest.mark.parametrize("cell", ["epoch", "2020-01-05 10:00:00 Europe/Berlin", "-0044-03-15"])
def test_a_time_that_only_ingest_knows_is_refused_in_prediction_never_read_as_another(cell: str) -> None:
    assert said("datetime", cell) == "refused"
