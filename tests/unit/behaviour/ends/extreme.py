"""Tables at the ends of the number line and the calendar, as CSV, from a seed."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

Cells = list[str]
Draw = np.random.Generator
GREATEST = 1.7976931348623157e308
SINGLE = 3.4028234663852886e38  # the greatest of float32


@dataclass(frozen=True)
class Extreme:
    """A table by its columns; the target is `y`."""

    columns: Mapping[str, Cells]

    @property
    def rows(self) -> int:
        return len(self.columns["y"])

    @property
    def csv(self) -> bytes:
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        writer.writerow(self.columns)
        writer.writerows(zip(*self.columns.values(), strict=True))
        return out.getvalue().encode()


def _numbers(values: Sequence[float]) -> Cells:
    return [repr(float(value)) for value in values]


def ordinary(draw: Draw, rows: int) -> Cells:
    return _numbers(draw.normal(5, 2, rows))


def scaled(exponent: int) -> Callable[[Draw, int], Cells]:
    """Numbers near a power of ten."""
    return lambda draw, rows: _numbers(draw.normal(0, 1, rows) * 10.0**exponent)


def sentinel(value: float) -> Callable[[Draw, int], Cells]:
    """Ordinary numbers, with one in ten rows a number that stands for none."""

    def cells(draw: Draw, rows: int) -> Cells:
        values = draw.normal(5, 2, rows)
        values[draw.random(rows) < 0.1] = value
        return _numbers(values)

    return cells


def one_sentinel(value: float) -> Callable[[Draw, int], Cells]:
    """Ordinary numbers, and one row far off."""

    def cells(draw: Draw, rows: int) -> Cells:
        values = draw.normal(5, 2, rows)
        values[draw.integers(rows)] = value
        return _numbers(values)

    return cells


def both_ends(draw: Draw, rows: int) -> Cells:
    values = draw.normal(5, 2, rows)
    values[draw.integers(rows)], values[draw.integers(rows)] = GREATEST, -GREATEST
    return _numbers(values)


def near_constant(value: float) -> Callable[[Draw, int], Cells]:
    """A number and its neighbour in float64."""
    return lambda draw, rows: _numbers(np.where(draw.random(rows) < 0.5, value, np.nextafter(value, np.inf)))


def subnormal(draw: Draw, rows: int) -> Cells:
    return _numbers(draw.integers(1, 1000, rows) * 5e-324)


def orders_of_magnitude(draw: Draw, rows: int) -> Cells:
    return _numbers(10.0 ** draw.uniform(-300, 300, rows) * draw.choice([-1, 1], rows))


def constant(value: float) -> Callable[[Draw, int], Cells]:
    return lambda draw, rows: _numbers(np.full(rows, value))


def missing(draw: Draw, rows: int) -> Cells:
    return [""] * rows


def nearly_missing(draw: Draw, rows: int) -> Cells:
    cells = [""] * rows
    cells[int(draw.integers(rows))] = "3.5"
    return cells


def gapped_huge(draw: Draw, rows: int) -> Cells:
    values = _numbers(draw.uniform(0.9, 1, rows) * GREATEST)
    return [cell if draw.random() < 0.7 else "" for cell in values]


def words(draw: Draw, rows: int) -> Cells:
    return [("red", "green", "blue")[number] for number in draw.integers(3, size=rows)]


def weird_words(draw: Draw, rows: int) -> Cells:
    names = (
        "__proto__",
        "constructor",
        "NaN!",
        "a/b~0",
        "\u202eeman",
        "\U0001f600",
        "x" * 300,
        "'; DROP",
        "<b>",
        "a\tb",
    )
    return [names[number] for number in draw.integers(len(names), size=rows)]


def truths(draw: Draw, rows: int) -> Cells:
    return [("true", "false")[number] for number in draw.integers(2, size=rows)]


def _dates(starts: datetime, ends: datetime, at_an_end: str = "") -> Callable[[Draw, int], Cells]:
    def cells(draw: Draw, rows: int) -> Cells:
        days = (ends - starts).days
        made = [
            (starts + timedelta(days=int(day))).strftime("%Y-%m-%d").rjust(10, "0")
            for day in draw.integers(0, days + 1, rows)
        ]
        return [at_an_end if at_an_end and draw.random() < 0.2 else cell for cell in made]

    return cells


this_century = _dates(datetime(2001, 1, 1), datetime(2020, 1, 1))
open_ended = _dates(datetime(2001, 1, 1), datetime(2020, 1, 1), "9999-12-31")
first_year = _dates(datetime(1, 1, 1), datetime(1, 12, 31))
last_year = _dates(datetime(9999, 1, 1), datetime(9999, 12, 31))
whole_calendar = _dates(datetime(1, 1, 1), datetime(9999, 12, 31))


def last_moment(draw: Draw, rows: int) -> Cells:
    return [f"9999-12-31T23:59:59.{int(micro):06}" for micro in draw.integers(0, 10**6, rows)]


def whole(low: int, high: int) -> Callable[[Draw, int], Cells]:
    return lambda draw, rows: [str(number) for number in draw.integers(low, high, rows)]


def one_each(draw: Draw, rows: int) -> Cells:
    return [str(number) for number in draw.permutation(rows) + 1]


EXPONENTS = (-320, -307, -200, -160, -50, -38, 20, 38, 100, 154, 200, 300, 307)
SENTINELS = (GREATEST, -GREATEST, SINGLE, 1e20, 1e200, 9007199254740993.0, -999.0)
FEATURES: dict[str, Callable[[Draw, int], Cells]] = {
    "ordinary": ordinary,
    **{f"scaled{exponent}": scaled(exponent) for exponent in EXPONENTS},
    **{f"sentinel{value:g}": sentinel(value) for value in SENTINELS},
    **{f"one{value:g}": one_sentinel(value) for value in (GREATEST, -GREATEST, SINGLE, 1e30)},
    "both_ends": both_ends,
    **{f"near{value:g}": near_constant(value) for value in (1.0, 1e16, 1e300, 1e-300, 0.0)},
    "subnormal": subnormal,
    "orders": orders_of_magnitude,
    **{f"constant{value:g}": constant(value) for value in (0.0, 1e300, GREATEST, 5e-324)},
    "missing": missing, "nearly_missing": nearly_missing, "gapped_huge": gapped_huge,
    "words": words, "weird_words": weird_words, "truths": truths,
    "this_century": this_century, "open_ended": open_ended, "first_year": first_year, "last_year": last_year,
    "whole_calendar": whole_calendar, "last_moment": last_moment,
}  # fmt: skip

TARGETS: dict[str, Callable[[Draw, int], Cells]] = {
    "ordinary": ordinary,
    **{f"scaled{exponent}": scaled(exponent) for exponent in (-320, -307, -200, -160, -38, 38, 154, 200, 307)},
    **{f"sentinel{value:g}": sentinel(value) for value in (GREATEST, SINGLE, 1e200)},
    **{f"one{value:g}": one_sentinel(value) for value in (GREATEST, SINGLE)},
    "both_ends": both_ends,
    **{f"near{value:g}": near_constant(value) for value in (1.0, 1e16, 1e300, 1e-300)},
    "subnormal": subnormal,
    "orders": orders_of_magnitude,
    "words": words, "weird_words": weird_words, "truths": truths,
    "digits": whole(0, 10), "grades": whole(1, 4), "one_each": one_each,
}  # fmt: skip


def random_table(seed: int) -> tuple[str, Extreme]:
    """A table and what it is made of."""
    draw = np.random.default_rng(seed)
    rows = int(draw.choice([3, 4, 7, 20, 60, 150], p=[0.08, 0.07, 0.1, 0.25, 0.3, 0.2]))
    target = str(draw.choice(list(TARGETS)))
    chosen = draw.choice(list(FEATURES), int(draw.integers(1, 5)))
    columns = {f"f{place}": FEATURES[str(name)](draw, rows) for place, name in enumerate(chosen)}
    if draw.random() < 0.2:  # the same column twice: a rank less than there are columns
        columns["twin"] = columns["f0"]
    columns["y"] = TARGETS[target](draw, rows)
    return f"{rows} rows of {', '.join(chosen)} -> {target}", Extreme(columns)


def random_spec(seed: int) -> dict[str, Any]:
    """What is asked of a training: each loss, optimizer, engine, scaler and split comes in its turn."""
    draw = np.random.default_rng([seed, 1])

    def one(*choices: Any) -> Any:
        return choices[int(draw.integers(len(choices)))]

    hidden = one([3], [4, 3])
    network = one({"kind": "linear"}, {"kind": "linear", "bias": False}, {"kind": "mlp"}, {
        "kind": "mlp", "hidden": hidden, "activation": one("relu", "tanh", "sigmoid", "gelu", "identity"),
    })  # fmt: skip
    spec: dict[str, Any] = {
        "network": network,
        "task": one("auto", "auto", "regression"),
        "loss": one("auto", "mse", "mae", "huber", "quantile"),
        "optimizer": {"kind": one("auto", "sgd", "adam", "adamw", "rmsprop", "lbfgs")},
        "scaler": one("standard", "minmax", "robust", "none"),
        "missing": one("mean", "median", "most_frequent", "drop", "error"),
        "batch_size": one("auto", "full", 1, 4),
        "engine": one("auto", "auto", "fused", "autograd"),
        "split": one({"validation": 0.2}, {"validation": 0.0}, {"validation": 0.3, "test": 0.3}),
        "epochs": one("auto", 7),
        "early_stopping": one("auto", None, {"patience": 2}),
        "scale_target": one("auto", "auto", False),
    }
    if draw.random() < 0.2:
        spec["optimizer"] |= {"l2": 0.01}
    if draw.random() < 0.1:
        spec["optimizer"] |= {"learning_rate": float(10.0 ** draw.integers(-12, 6))}
    return spec
