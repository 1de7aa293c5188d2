"""The tables that the recorded runs learn from, as files that are uploaded: small, and the same bytes everywhere."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

CSV, PARQUET = "text/csv", "application/vnd.apache.parquet"
COLOURS = ("red", "blue", "green", 'the "best", yes', "Ω")

Cells = dict[str, list[Any]]


def csv_of(cells: Mapping[str, Sequence[Any]], delimiter: str = ",") -> bytes:
    """A CSV file; None is an empty cell."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(cells)
    writer.writerows(zip(*cells.values(), strict=True))
    return out.getvalue().encode()


def numbers(rows: int = 80, seed: int = 1) -> Cells:
    """Two features of different scale, a third that says nothing, weights, and two targets with outliers in one."""
    draw = Random(seed)
    a = [round(draw.gauss(0, 1), 4) for _ in range(rows)]
    b = [round(draw.gauss(50, 20), 2) for _ in range(rows)]
    noise = [round(draw.gauss(0, 1), 3) for _ in range(rows)]
    y = [
        round(3 * x + 0.1 * z + draw.gauss(0, 0.5) + (15 if draw.random() < 0.04 else 0), 3)
        for x, z in zip(a, b, strict=True)
    ]
    z = [round(-x + 0.02 * w + draw.gauss(0, 0.2), 3) for x, w in zip(a, b, strict=True)]
    weight = [draw.choice((0, 0.5, 1, 2)) for _ in range(rows)]
    return {"a": a, "b": b, "noise": noise, "weight": weight, "y": y, "z": z}


def mixed(rows: int = 140, seed: int = 2, gaps: float = 0.08) -> Cells:
    """Every kind of column, with gaps: numbers, truths, categories (a rare one among them), times, free text; as
    targets a number, two classes and three."""
    draw = Random(seed)
    n = [round(draw.gauss(5, 2), 3) for _ in range(rows)]
    wide = [f"{draw.gauss(0, 1) * 10 ** draw.uniform(-3, 3):.6g}" for _ in range(rows)]
    flag = [draw.random() < 0.4 for _ in range(rows)]
    colour = [draw.choice(COLOURS) if draw.random() < 0.98 else "rare" for _ in range(rows)]
    when = [
        f"20{draw.randrange(10, 26)}-{draw.randrange(1, 13):02}-{draw.randrange(1, 29):02}"
        f"T{draw.randrange(24):02}:{draw.randrange(60):02}:00"
        for _ in range(rows)
    ]
    note = [" ".join(draw.choice(("oak", "fir", "elm", "ash", "yew")) for _ in range(6)) + f" {i}" for i in range(rows)]
    score = [x + 2 * f + 1.5 * (c == "red") + draw.gauss(0, 0.7) for x, f, c in zip(n, flag, colour, strict=True)]
    kinds = ["low" if s < 5 else "middle" if s < 7.5 else "high" for s in score]
    features: Cells = {
        "n": n, "wide": wide, "flag": ["yes" if f else "no" for f in flag], "colour": colour, "when": when,
        "note": note,
    }  # fmt: skip
    with_gaps = {
        name: [None if draw.random() < gaps else cell for cell in cells] if name != "note" else cells
        for name, cells in features.items()
    }
    price = [round(10 * s + 100, 2) for s in score]
    sold = ["true" if s + draw.gauss(0, 1) > 6 else "false" for s in score]
    return {**with_gaps, "price": price, "sold": sold, "kind": kinds}


def rings(rows: int = 120, seed: int = 3) -> Cells:
    """Classes that no line parts: inside a circle, in a ring around it, beyond; and a wave over them as a number."""
    draw = Random(seed)
    x, y = ([round(draw.uniform(-1, 1), 4) for _ in range(rows)] for _ in range(2))
    radius = [(a * a + b * b) ** 0.5 for a, b in zip(x, y, strict=True)]
    return {
        "x": x,
        "y": y,
        "inside": [int(r < 0.7) for r in radius],
        "ring": ["abc"[int(r > 0.5) + int(r > 0.9)] for r in radius],
        "height": [round(2 * a * b + a - 0.5 * b * b, 4) for a, b in zip(x, y, strict=True)],
    }


def dealt(rows: int = 11_000, seed: int = 4) -> Cells:
    """More than 4 MiB of inputs once its categories are encoded: such a table is dealt out in windows and hands."""
    draw = Random(seed)
    code = [f"c{draw.randrange(100):02}" for _ in range(rows)]
    x = [round(draw.random(), 3) for _ in range(rows)]
    return {
        "code": code,
        "x": x,
        "y": [round(a + int(c[1:]) / 50 + draw.gauss(0, 0.1), 3) for a, c in zip(x, code, strict=True)],
    }


def shops(rows: int = 240, seed: int = 12) -> Cells:
    """Categories of few rows each, which differ much: none of most has an input of its own."""
    draw = Random(seed)
    shop = [f"s{row % 75:02}" for row in range(rows)]
    effect = {name: draw.gauss(0, 3) for name in sorted(set(shop))}
    x = [round(draw.gauss(0, 1), 3) for _ in range(rows)]
    y = [round(a + effect[name] + draw.gauss(0, 0.3), 3) for a, name in zip(x, shop, strict=True)]
    draw.shuffle(order := list(range(rows)))
    cells: Cells = {"shop": shop, "x": x, "y": y, "z": [round(2 * a - b, 3) for a, b in zip(x, y, strict=True)],
                    "level": ["low" if b < -2 else "high" if b > 2 else "even" for b in y]}  # fmt: skip
    return {name: [column[row] for row in order] for name, column in cells.items()}


def _german() -> bytes:
    """The same kinds as others write them: semicolons, decimal commas, days before months."""
    draw = Random(5)
    rows = 60
    area = [draw.uniform(40, 160) for _ in range(rows)]
    built = [f"{draw.randrange(1, 29):02}.{draw.randrange(1, 13):02}.{draw.randrange(1950, 2020)}" for _ in range(rows)]
    rent = [8 * a + draw.gauss(0, 30) for a in area]
    marked: Cells = {
        "Fläche": [f"{a:.1f}".replace(".", ",") for a in area],
        "gebaut": built,
        "Balkon": [draw.choice(("ja", "nein")) for _ in range(rows)],
        "Miete": [f"{r:.2f}".replace(".", ",") for r in rent],
    }
    return csv_of(marked, ";")


def _parquet() -> bytes:
    """Typed columns, of which nothing is guessed."""
    cells = mixed(90, seed=6, gaps=0.1)
    table = pa.table({
        "n": pa.array(cells["n"], pa.float32()),
        "flag": pa.array([None if cell is None else cell == "yes" for cell in cells["flag"]], pa.bool_()),
        "colour": pa.array(cells["colour"], pa.string()).dictionary_encode(),
        "when": pa.array(cells["when"], pa.string()).cast(pa.timestamp("us")),
        "count": pa.array(range(90), pa.int64()),
        "price": pa.array(cells["price"], pa.float64()),
    })  # fmt: skip
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def _odd_classes() -> bytes:
    """Two classes, one of them four times as often, and whole numbers as their names."""
    draw = Random(7)
    x = [round(draw.gauss(0, 1), 3) for _ in range(100)]
    return csv_of({"x": x, "w": [round(draw.uniform(0.1, 3), 2) for _ in x], "grade": [9 if a > 0.8 else 3 for a in x]})


TABLES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "numbers": (CSV, lambda: csv_of(numbers())),
    "others": (CSV, lambda: csv_of(numbers(40, seed=11))),
    "mixed": (CSV, lambda: csv_of(mixed())),
    "whole": (CSV, lambda: csv_of(mixed(100, seed=8, gaps=0))),
    "rings": (CSV, lambda: csv_of(rings())),
    "few": (CSV, lambda: csv_of(numbers(12, seed=9))),
    "dealt": (CSV, lambda: csv_of(dealt())),
    "shops": (CSV, lambda: csv_of(shops())),
    "german": (CSV, _german),
    "typed": (PARQUET, _parquet),
    "grades": (CSV, _odd_classes),
}
"""By name: the media type, and what makes the bytes."""
