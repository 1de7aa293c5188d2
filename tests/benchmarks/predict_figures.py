"""What bench-predict found: tables of medians, ratios, what is wanted of them, and README's lines."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.benchmarks.figures import Figure
from tests.benchmarks.prediction_servers import TENSOR
from tests.benchmarks.wrk import Load

HEAVY = 16  # connections
NAMES = {
    "adaline": "Adaline",
    "bare": "a bare Flask view",
    "mlserver": "MLServer",
    "mlflow": "MLflow",
    TENSOR: "MLflow (tensors)",
}
MODELS = {"linear": "linear neuron", "network": "[64, 64]"}
# requests/s, at least so many times those of another, by rows in a request
WANTED = {
    1: {
        "bare": {"linear": 0.8, "network": 0.6},
        "mlserver": dict.fromkeys(MODELS, 6.0),
        "mlflow": dict.fromkeys(MODELS, 12.0),
    },
    100: {"bare": {"linear": 0.8, "network": 0.5}, "mlserver": dict.fromkeys(MODELS, 4.0)},
}
MOST_P99 = 3.0  # times the bare view's
BUSY_SHARE = 0.5  # of what is wanted, while two trainings run


@dataclass(frozen=True, slots=True)
class Setting:
    """Who was asked for what, and how; `is_busy` beside two trainings."""

    system: str
    model: str
    rows: int
    connections: int
    is_busy: bool = False


class Results:
    """The turns of every setting, in the order of the rounds."""

    def __init__(self) -> None:
        self.turns: defaultdict[Setting, list[Load]] = defaultdict(list)
        self.failed = 0

    def add(self, setting: Setting, turn: Load) -> None:
        self.turns[setting].append(turn)
        self.failed += turn.failed

    def median(self, setting: Setting, what: Callable[[Load], float]) -> float:
        return statistics.median(map(what, self.turns[setting]))

    def ratio(self, one: Setting, other: Setting, what: Callable[[Load], float]) -> float:
        """One's to the other's in the same round; the median of the rounds."""
        pairs = zip(self.turns[one], self.turns[other], strict=True)
        return statistics.median(what(first) / max(what(second), 1e-9) for first, second in pairs)


def rate(turn: Load) -> float:
    return turn.rate


def p99(turn: Load) -> float:
    return turn.p99


def told(results: Results) -> list[Figure]:
    """Prints everything; the lines for README are those of 16 connections."""
    _print_turns(results)
    ours = [setting for setting in results.turns if setting.system == "adaline"]
    print("\nAdaline beside the others: requests/s, by rounds; wanted with 16 connections")
    figures = []
    for setting in ours:
        figures += _beside_others(results, setting)
    return figures


def _print_turns(results: Results) -> None:
    columns = ("server", "model", "rows", "connections", "", "requests/s", "p50 ms", "p99 ms", "failed")
    print(("\n{:15}{:10}{:>6}{:>13}  {:18}{:>12}{:>9}{:>9}{:>8}").format(*columns))
    for setting, turns in sorted(results.turns.items(), key=lambda item: _order(item[0])):
        medians = [statistics.median(values) for values in zip(*((t.rate, t.p50, t.p99) for t in turns), strict=True)]
        beside = "beside trainings" if setting.is_busy else ""
        print(
            f"{setting.system:15}{setting.model:10}{setting.rows:6}{setting.connections:13}  {beside:18}"
            f"{medians[0]:12,.0f}{medians[1]:9.2f}{medians[2]:9.2f}{sum(turn.failed for turn in turns):8}",
            flush=True,
        )


def _order(setting: Setting) -> tuple[object, ...]:
    return setting.is_busy, setting.model, setting.rows, setting.connections, list(NAMES).index(setting.system)


def _beside_others(results: Results, ours: Setting) -> list[Figure]:
    figures = []
    for system in list(NAMES)[1:]:
        other = replace(ours, system=system)
        if other not in results.turns:
            continue
        ratio = results.ratio(ours, other, rate)
        wanted = _wanted(ours, system)
        _print_ratio(ours, NAMES[system], ratio, wanted)
        if ours.connections == HEAVY:
            figures.append(_figure(results, ours, other, ratio))
        if system == "bare":
            slower = results.ratio(ours, other, p99)
            most = MOST_P99 if ours.connections == HEAVY and not ours.is_busy else None
            _print_ratio(ours, "its p99", slower, most, at_most=True)
            plain = replace(other, model="linear")
            if ours.model != "linear" and plain in results.turns:
                _print_ratio(ours, "one with a linear neuron", results.ratio(ours, plain, rate), wanted)
    quiet = replace(ours, is_busy=False)
    if ours.is_busy and quiet in results.turns:
        _print_ratio(ours, "itself without trainings", results.ratio(ours, quiet, rate), None)
    return figures


def _wanted(ours: Setting, system: str) -> float | None:
    if ours.connections != HEAVY:
        return None
    wanted = WANTED.get(ours.rows, {}).get(system, {}).get(ours.model)
    return wanted * BUSY_SHARE if wanted is not None and ours.is_busy else wanted


def _print_ratio(ours: Setting, other: str, ratio: float, wanted: float | None, at_most: bool = False) -> None:
    what = f"{MODELS[ours.model]}, {ours.rows} {'row' if ours.rows == 1 else 'rows'}, {ours.connections} connections"
    what += ", beside two trainings" if ours.is_busy else ""
    verdict = ""
    if wanted is not None:
        is_met = ratio <= wanted if at_most else ratio >= wanted
        verdict = f"  wanted: {'at most' if at_most else 'at least'} {wanted:g}, {'met' if is_met else 'MISSED'}"
    print(f"{what:72} to {other:26}{ratio:8.2f}{verdict}", flush=True)


def _figure(results: Results, ours: Setting, other: Setting, ratio: float) -> Figure:
    rows = "one row" if ours.rows == 1 else f"{ours.rows} rows"
    beside = ", beside two trainings" if ours.is_busy else ""
    what = f"`/predict` with {rows} a request, {MODELS[ours.model]}, {HEAVY} connections{beside}"
    per_second = [f"{results.median(one, rate):,.0f} requests/s" for one in (ours, other)]
    peer = NAMES[other.system]
    return Figure(what, per_second[0], peer, per_second[1], ratio)
