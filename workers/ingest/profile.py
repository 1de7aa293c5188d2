"""What a table holds, column by column: counts, ranges, moments, quantiles, a histogram or the top values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb

from service.domain.columns import Kind
from service.domain.table import Column, Table
from service.errors import WorkFailed
from workers.ingest.load import quoted_name

QUANTILES = (0.01, 0.25, 0.5, 0.75, 0.99)
BINS = 20
TOP = 20
FEW = 2000  # up to about so many distinct values are counted exactly; beyond, HyperLogLog (about 2 % off)
LONG_TEXT = 100  # categories are short words; longer cells on average are free text
MANY_CATEGORIES = 10_000


def profile(
    connection: duckdb.DuckDBPyConnection,
    parquet: Path,
    rows: int,
    types: Mapping[str, str],
    declared: Mapping[str, Kind],
    most_classes: int,
) -> tuple[Table, list[dict[str, Any]]]:
    """The table's columns with their kinds, and the longer profile of each."""
    source = "'" + str(parquet).replace("'", "''") + "'"
    basics = _basics(connection, source, types)
    columns, details = [], []
    for name, type in types.items():
        column, detail = _column(connection, source, name, type, declared.get(name), rows, basics[name], most_classes)
        columns.append(column)
        details.append({**asdict(column), **detail})
    return Table(rows, tuple(columns)), details


def _basics(connection: duckdb.DuckDBPyConnection, source: str, types: Mapping[str, str]) -> dict[str, tuple[Any, ...]]:
    """In one pass, by column: (count, distinct, min, max, mean, sd, whole, length, quantiles, in range)."""
    parts = []
    for name, type in types.items():
        column = quoted_name(name)
        number = type == "DOUBLE"
        parts += [
            f"count({column})",
            f"approx_count_distinct({column})",
            f"min({column})",
            f"max({column})",
            f"avg({column}) FILTER (isfinite({column}))" if number else "NULL",
            f"stddev_samp({column}) FILTER (isfinite({column}))" if number else "NULL",
            f"bool_and({column} = floor({column}))" if number else "NULL",
            f"avg(length({column}))" if type == "VARCHAR" else "NULL",
            f"approx_quantile({column}, {list(QUANTILES)})" if number else "NULL",
            f"bool_and(isfinite({column}) AND year({column}) BETWEEN 1 AND 9999)" if type == "TIMESTAMP" else "NULL",
        ]
    width = 10
    values = connection.execute(f"SELECT {', '.join(parts)} FROM {source}").fetchall()[0]
    return {name: values[index * width : (index + 1) * width] for index, name in enumerate(types)}


def _column(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    name: str,
    type: str,
    declared: Kind | None,
    rows: int,
    basics: tuple[Any, ...],
    most_classes: int,
) -> tuple[Column, dict[str, Any]]:
    count, distinct, low, high, mean, deviation, whole, length, quantiles, in_range = basics
    column = quoted_name(name)
    if type == "DOUBLE" and count and (low in (float("-inf"),) or high in (float("inf"),)):
        raise WorkFailed("infinite_value", f"column {name!r} holds infinite values; leave such cells empty")
    if in_range is False:
        raise WorkFailed(
            "time_out_of_range", f"column {name!r} holds times beyond the years 1 to 9999; mend such cells"
        )
    if distinct <= FEW:
        distinct = connection.execute(f"SELECT count(DISTINCT {column}) FROM {source}").fetchall()[0][0]
    kind = declared or _kind(type, distinct, count, length)
    rarest = None
    if 0 < distinct <= most_classes and kind != "text":
        value, least = connection.execute(
            f"SELECT {column}, count(*) AS n FROM {source} WHERE {column} IS NOT NULL GROUP BY 1 ORDER BY n, 1 LIMIT 1"
        ).fetchall()[0]
        rarest = {"value": _shown(value), "count": least}
    detail: dict[str, Any] = {"distinct_is_exact": distinct <= FEW}
    if kind == "numeric":
        detail["quantiles"] = dict(zip(map(str, QUANTILES), quantiles, strict=True)) if quantiles else {}
        detail["histogram"] = _histogram(connection, source, column, low, high)
    elif kind != "datetime":
        top = connection.execute(
            f"SELECT {column}, count(*) AS n FROM {source} WHERE {column} IS NOT NULL GROUP BY 1 "
            f"ORDER BY n DESC, 1 LIMIT {TOP}"
        ).fetchall()
        detail["top"] = [{"value": _shown(value), "count": number} for value, number in top]
    ranged = kind in ("numeric", "datetime")
    return (
        Column(
            name=name,
            kind=kind,
            nulls=rows - count,
            distinct=distinct,
            minimum=_shown(low) if ranged else None,
            maximum=_shown(high) if ranged else None,
            mean=_finite(mean),
            standard_deviation=_finite(deviation),
            whole=bool(whole),
            rarest=rarest,
        ),
        detail,
    )


def _kind(type: str, distinct: int, count: int, length: float | None) -> Kind:
    if type == "DOUBLE":
        return "numeric"
    if type == "BOOLEAN":
        return "boolean"
    if type == "TIMESTAMP":
        return "datetime"
    names_rather_than_kinds = distinct > 20 and distinct > count / 2
    too_long = length is not None and length > LONG_TEXT
    return "text" if names_rather_than_kinds or too_long or distinct > MANY_CATEGORIES else "categorical"


def _histogram(
    connection: duckdb.DuckDBPyConnection, source: str, column: str, low: float | None, high: float | None
) -> dict[str, Any]:
    """Counts in equal bins from the least to the greatest value."""
    if low is None or high is None:
        return {"edges": [], "counts": []}
    if low == high:
        return {"edges": [low, high], "counts": [_count(connection, source, column)]}
    width = (high / BINS) - (low / BINS)
    found = connection.execute(
        f"SELECT least(greatest(floor(({column} - ?) / ?), 0), {BINS - 1})::INTEGER AS bin, count(*) "
        f"FROM {source} WHERE {column} IS NOT NULL GROUP BY 1",
        [low, width],
    ).fetchall()
    counts = dict(found)
    # a mean of both ends, which is never beyond them
    edges = [low * (1 - number / BINS) + high * (number / BINS) for number in range(BINS)] + [high]
    return {"edges": edges, "counts": [counts.get(number, 0) for number in range(BINS)]}


def _count(connection: duckdb.DuckDBPyConnection, source: str, column: str) -> int:
    return int(connection.execute(f"SELECT count({column}) FROM {source}").fetchall()[0][0])


def _finite(figure: float | None) -> float | None:
    """None for a figure that float64 cannot hold: numbers near its end have sums and squares beyond it."""
    return figure if figure is not None and math.isfinite(figure) else None


def _shown(value: Any) -> Any:
    return value.isoformat() + "Z" if hasattr(value, "isoformat") else value
