"""What bench-bulk found: its turns, medians and ratios, what is wanted of them, and README's lines."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.benchmarks.figures import Figure

WANTED_RATE, MOST_TIMES_ALONE, WANTED_TIMES_H2O, MOST_GROWN_MB = 600_000, 3.0, 5.0, 100.0
NAMES = {"adaline": "Adaline", "alone": "pyarrow and numpy alone", "h2o": "H2O-3"}
THEIRS = {"linear": "H2O-3's GLM", "network": "H2O-3's network"}
MODELS = {"linear": "linear neuron", "network": "[16]"}


@dataclass(frozen=True, slots=True)
class Turn:
    """`memory` of the API in MB: before, at most, after. `steps` of H2O: upload with parsing, predicting, download.
    `is_streamed`: the first byte of the answer came before the last byte of the request had been sent."""

    seconds: float
    memory: tuple[float, float, float] | None = None
    is_streamed: bool = False
    steps: tuple[float, ...] = ()


def print_turn(run: str, system: str, model: str, turn: Turn, rows: int) -> None:
    beside = ""
    if turn.memory is not None:
        before, most, after = turn.memory
        order = "before" if turn.is_streamed else "AFTER"
        beside = (
            f"  API memory {before:.0f}, at most {most:.0f}, then {after:.0f} MB; answers {order} the last row is sent"
        )
    if turn.steps:
        beside = "  upload and parse {:.2f}, predict {:.2f}, download {:.2f} s".format(*turn.steps)
    rate = rows / turn.seconds
    print(f"{run:8}{NAMES[system]:25}{MODELS[model]:15}{turn.seconds:8.2f} s{rate:12,.0f} rows/s{beside}", flush=True)


def told(turns: Mapping[tuple[str, str], Sequence[Turn]], rows: int) -> list[Figure]:
    """Prints medians, ratios (those of a run, their median) and verdicts."""
    figures = []
    for (system, model), ones in turns.items():
        seconds = statistics.median(turn.seconds for turn in ones)
        print(f"{'median':8}{NAMES[system]:25}{MODELS[model]:15}{seconds:8.2f} s{rows / seconds:12,.0f} rows/s")
    for model in MODELS:
        ours = turns["adaline", model]
        for system in ("alone", "h2o"):
            if theirs := turns.get((system, model)):
                figures.append(_beside(model, system, ours, theirs, rows))
    _verdicts(turns, rows)
    return figures


def _beside(model: str, system: str, ours: Sequence[Turn], theirs: Sequence[Turn], rows: int) -> Figure:
    peer = THEIRS[model] if system == "h2o" else NAMES[system]
    ratio = _ratio(ours, theirs, lambda turn: turn.seconds)
    print(f"Adaline, {MODELS[model]}: {ratio:.2f} times as fast as {peer}")
    if system == "h2o":
        alone = _ratio(ours, theirs, _predicting)
        print(f"Adaline, {MODELS[model]}, all of it: {alone:.2f} times as fast as {peer} predicts what it has parsed")
    rates = [f"{rows / statistics.median(turn.seconds for turn in ones):,.0f} rows/s" for ones in (ours, theirs)]
    what = f"a CSV of {rows:,} rows to `/predict` and back, {MODELS[model]}"
    return Figure(what, rates[0], peer, rates[1], ratio)


def _predicting(turn: Turn) -> float:
    """Without upload, parsing and download, where those are apart."""
    return turn.steps[1] if turn.steps else turn.seconds


def _ratio(ours: Sequence[Turn], theirs: Sequence[Turn], seconds: Callable[[Turn], float]) -> float:
    return statistics.median(seconds(one) / mine.seconds for mine, one in zip(ours, theirs, strict=True))


def _verdicts(turns: Mapping[tuple[str, str], Sequence[Turn]], rows: int) -> None:
    ours = turns["adaline", "linear"]
    rate = rows / statistics.median(turn.seconds for turn in ours)
    slower = 1 / _ratio(ours, turns["alone", "linear"], lambda turn: turn.seconds)
    _say(
        f"{rate:,.0f} rows/s, {slower:.2f} times the libraries' time",
        f"{WANTED_RATE:,} rows/s, or within {MOST_TIMES_ALONE:g} times pyarrow and numpy alone",
        rate >= WANTED_RATE or slower <= MOST_TIMES_ALONE,
    )
    if ("h2o", "network") in turns:
        faster = _ratio(turns["adaline", "network"], turns["h2o", "network"], _predicting)
        what = f"{faster:.2f} times H2O-3's network, of which only predicting counts"
        _say(what, f"at least {WANTED_TIMES_H2O:g}", faster >= WANTED_TIMES_H2O)
    all_ours = [turn for model in MODELS for turn in turns["adaline", model]]
    grown = max(turn.memory[1] - turn.memory[0] for turn in all_ours if turn.memory)
    _say(f"API memory grew by {grown:.0f} MB at most", f"less than {MOST_GROWN_MB:g} MB", grown < MOST_GROWN_MB)
    early = all(turn.is_streamed for turn in all_ours)
    when = "before" if early else "after"
    _say(f"the first answer byte came {when} the last request byte was sent", "before", early)


def _say(found: str, wanted: str, is_met: bool) -> None:
    print(f"{found}; wanted: {wanted}: {'met' if is_met else 'MISSED'}", flush=True)
