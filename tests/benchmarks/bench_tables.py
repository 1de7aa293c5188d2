"""How good `auto` is on real tables: `make bench-tables`. Adaline over HTTP beside trees, linear models and networks.

Every model learns from the same rows and is judged by the same others, for several seeds that deal them out
differently. Errors are RMSE over the standard deviation for numbers, log loss for classes; models are compared by the
geometric mean over tables of the ratio of errors, the number of tables where ours is the lower, and mean ranks.
Seconds are processor time; peers run at their defaults, one core each, in a process of their own.

    make bench-tables BENCH="--tables ISLR/OJ DAAG/spam7 --seeds 1 --peers LightGBM CatBoost"
    make bench-tables BENCH="--judge --effort best"        the tables that judge: nothing is chosen by them
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import numpy as np

from service.client import ClientError
from tests.benchmarks.stack import settled_stack
from tests.benchmarks.summary import machine
from tests.benchmarks.tables.contestants import LEVEL, PEERS, Answer, Task, adaline, own_python, peer, present
from tests.benchmarks.tables.entries import Entry, deal, listed, load
from tests.benchmarks.tables.judge import ranks, ratio
from tests.benchmarks.tables.scores import Kept, Scores, score, values

SPEC = {"network": {"kind": "mlp"}, "epochs": "auto", "split": {"validation": 0.2, "test": 0.0}}
MOST_ROWS = 4500
OURS = "Adaline"
Contestant = Callable[[Task], Answer]


def main(arguments: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    entries = _chosen("judging" if options.judge else "choosing", options.tables)
    spec = SPEC | json.loads(options.spec) | ({"effort": options.effort} if options.effort else {})
    python = (options.python or own_python()).absolute()
    peers = present(options.peers, python)
    with tempfile.TemporaryDirectory(prefix="bench-tables-") as name, ExitStack() as stacks:
        contestants: dict[str, Contestant] = {}
        if not options.peers_alone:
            contestants[OURS] = adaline(*stacks.enter_context(settled_stack(Path(name) / "data")), spec)
        contestants |= {one: peer(one, python) for one in peers}
        scores = compare(contestants, entries, options.seeds, options.rows, Path(name), Kept(options.keep))
    print(f"\n{json.dumps(spec)}")
    print(section(scores, options.seeds))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--judge", action="store_true", help="the tables that judge, in place of those for choosing")
    parser.add_argument("--tables", nargs="+", default=[], help="only these, as package/item")
    parser.add_argument("--seeds", type=int, default=3, help="how many times each table is dealt out")
    parser.add_argument("--rows", type=int, default=MOST_ROWS, help="to learn from, at most")
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--python", type=Path, help="that has the peers; default: their own environment")
    parser.add_argument("--spec", default="{}", help=f"JSON over {json.dumps(SPEC)}")
    parser.add_argument("--effort", help="Adaline's effort: quick, normal or best")
    parser.add_argument("--keep", type=Path, help="a JSON file that keeps what peers scored, for the next run")
    parser.add_argument("--peers-alone", action="store_true", help="without Adaline")
    return parser


def _chosen(which: str, names: Sequence[str]) -> list[Entry]:
    entries = listed(which)
    if unknown := set(names) - {entry.name for entry in entries}:
        raise SystemExit(f"not among the tables for {which}: {', '.join(sorted(unknown))}")
    return [entry for entry in entries if not names or entry.name in names]


def compare(
    contestants: Mapping[str, Contestant], entries: Sequence[Entry], seeds: int, rows: int, directory: Path, kept: Kept
) -> Scores:
    """Every model on every table. One that fails on a table has no score there, and that is told."""
    scores: Scores = {name: {} for name in contestants}
    for entry in entries:
        frame = load(entry)
        tasks = [Task(entry, *deal(frame, entry, seed, rows), seed, directory) for seed in range(seeds)]
        told = f"{entry.name:34}{f'{len(tasks[0].learn)} × {frame.shape[1] - 1}':12}"
        for name, ask in contestants.items():
            try:
                found = [score(task, ask(task)) if name == OURS else kept.score(name, task, ask) for task in tasks]
            except (subprocess.CalledProcessError, ClientError) as failed:
                print(f"{entry.name}: {name} failed: {failed}", flush=True)
                continue
            scores[name][entry.name] = found
            error, seconds = (np.mean([getattr(one, field) for one in found]) for field in ("error", "seconds"))
            told += f" {name} {error:.4f} ({seconds:.1f} s)"
        print(told, flush=True)
    return scores


def section(scores: Scores, seeds: int) -> str:
    """The table for README: a line for each model, ours first and beside every other."""
    errors = {name: values(found, "error") for name, found in scores.items()}
    placed = ranks(errors)
    tables = max(len(found) for found in errors.values())
    lines = [
        f"Measured on {date.today()} by `make bench-tables`, on {machine()}: {tables} tables, {seeds} splits each.",
        "",
        "| | our error by its | ours lower on | mean rank | calibration error | seconds a table, median |",
        "|---|---|---|---|---|---|",
    ]
    for name, found in errors.items():
        beside = ("", "")
        if name != OURS and OURS in errors:
            times, lower, shared = ratio(errors[OURS], found)
            beside = (f"{times:.3f}", f"{lower} of {shared}")
        off, seconds = (_median(values(scores[name], field)) for field in ("calibration", "seconds"))
        lines.append(f"| {name} | {' | '.join(beside)} | {placed[name]:.1f} | {off:.3f} | {seconds:.1f} |")
    if held := values(scores.get(OURS, {}), "covered"):
        means = [statistics.fmean(shares) for shares in held.values()]
        told = f"{statistics.fmean(means):.1%} of the numbers, from {min(means):.1%} to {max(means):.1%} of a table's"
        lines += ["", f"Our {LEVEL:.0%} intervals hold {told} ({len(means)} tables)."]
    return "\n".join(lines)


def _median(found: Mapping[str, Sequence[float]]) -> float:
    """Of the tables' means; NaN without a table."""
    return statistics.median(statistics.fmean(listed) for listed in found.values()) if found else float("nan")


if __name__ == "__main__":
    main()
