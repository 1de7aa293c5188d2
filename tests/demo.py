"""What `make demo` runs: the whole stack on a real table, used over HTTP like by any client, told step by step.

The table is the diabetes study of Efron, Hastie, Johnstone and Tibshirani (Least Angle Regression, Annals of
Statistics 32, 2004) as scikit-learn ships it: 442 patients, ten measurements, and how far the disease had progressed
a year later.
"""

from __future__ import annotations

import csv
import gzip
import importlib.util
import re
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from service.cli.showing.rendering import SPLITS, console, figure, table
from service.cli.showing.reporting import trained
from service.cli.showing.watching import follow
from service.client import Client, Dataset
from tests.integration.processes import Running, started

FEATURES = (
    "age", "sex", "bmi", "blood_pressure", "cholesterol", "ldl", "hdl", "cholesterol_ratio", "log_triglycerides",
    "glucose",
)  # fmt: skip
TARGET = "progression"
KEPT_OUT = 6
LOG_LINES = 30
WIDE = 96  # columns of a picture
SPLIT = {"validation": 0.2, "test": 0.2}
LINEAR, NETWORK = "diabetes-linear", "diabetes-network"
SPECS: Mapping[str, Mapping[str, Any]] = {
    LINEAR: {"split": SPLIT},
    NETWORK: {
        "split": SPLIT,
        "network": {"kind": "mlp", "hidden": [16]},
        "optimizer": {"kind": "adam", "learning_rate": 0.005},
    },
}
SAME = 0.02  # test errors that differ by less than this share say nothing on so few rows

Row = Mapping[str, float]


def main(picture: Path | None = None) -> int:
    """0 when everything went well; else 1, after the end of the stack's log. `picture`: an SVG of what was printed."""
    began = time.perf_counter()
    told = Console(record=True, width=WIDE, highlight=False) if picture else console()
    with tempfile.TemporaryDirectory(prefix="adaline-demo-") as directory:
        data = Path(directory)
        command = [sys.executable, "-m", "service", "serve", "--port", "0", "--data", str(data / "data")]
        with started(command, gives_way=True) as stack:
            try:
                url = listening_url(stack)
                step(told, f"Adaline listens on {url} (after {time.perf_counter() - began:.1f} s)")
                with Client(url) as client:
                    demonstrate(client, data, told)
                stop(stack)
            except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever it is, the log tells more
                return failed(stack, error)
    step(told, f"Stopped. All of it took {time.perf_counter() - began:.1f} s")
    if picture:
        svg = told.export_svg(title="make demo")
        # without the fonts that it would fetch from elsewhere: the reader's own monospace does
        picture.write_text(re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL))
    return 0


def demonstrate(client: Client, directory: Path, told: Console) -> None:
    """The story: upload, train two models, compare them, predict."""
    learning, kept_out = without_some(diabetes())
    file = directory / "diabetes.csv"
    write_csv(file, learning)

    step(told, f"Upload {len(learning)} of {len(learning) + len(kept_out)} rows; {len(kept_out)} are kept out of sight")
    dataset = client.upload(file)
    show_columns(dataset, told)

    for model, words in ((LINEAR, "a linear neuron"), (NETWORK, "a network with one hidden layer of 16")):
        step(told, f"Train {model}: {words}")
        job = client.train(dataset, TARGET, model, wait=False, **SPECS[model])
        follow(client.events(job.id), told)
        client.wait(job.id)

    step(told, "Both reports, side by side")
    reports = {model: client.report(model) for model in SPECS}
    cells = zip(report_cells(reports[LINEAR]), report_cells(reports[NETWORK]), strict=True)
    told.print(
        table(
            ("", "neuron", "network"),
            ((name, neuron, network) for (name, neuron), (_, network) in cells),
            ("neuron", "network"),
        )
    )
    told.print(comparison(reports))

    step(told, "Predict the rows that were kept out")
    questions = [{name: row[name] for name in FEATURES} for row in kept_out]
    answers = {model: client.predict(model, questions) for model in SPECS}
    show_predictions(kept_out, answers, told)


def listening_url(stack: Running) -> str:
    """Where the stack listens, once it is ready."""
    line = stack.until("Adaline listens on ")
    return line.split("Adaline listens on ")[1].split()[0]


def stop(stack: Running) -> None:
    """End the stack as Ctrl-C does. Raises RuntimeError when it does not end well."""
    stack.process.send_signal(signal.SIGINT)
    if (code := stack.wait()) != 0:
        raise RuntimeError(f"the stack ended with exit status {code}")


def failed(stack: Running, error: BaseException) -> int:
    """End what still runs and show the end of its log."""
    if stack.process.poll() is None:
        stack.process.terminate()
        stack.wait()
    sys.stderr.write("\n".join(["The stack's log ends so:", *stack.lines[-LOG_LINES:], ""]))
    sys.stderr.write(f"The demo failed: {type(error).__name__}: {error}\n")
    return 1


def diabetes() -> list[Row]:
    """The patients of the study, from the files that scikit-learn ships. Raises RuntimeError without scikit-learn."""
    found = importlib.util.find_spec("sklearn")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("scikit-learn is not installed: run `make demo`, which sets everything up")
    directory = Path(found.submodule_search_locations[0]) / "datasets" / "data"
    with gzip.open(directory / "diabetes_data_raw.csv.gz", "rt") as file:
        measured = [[float(cell) for cell in line.split()] for line in file]
    with gzip.open(directory / "diabetes_target.csv.gz", "rt") as file:
        progression = [float(line) for line in file]
    return [
        dict(zip((*FEATURES, TARGET), (*cells, truth), strict=True))
        for cells, truth in zip(measured, progression, strict=True)
    ]


def without_some(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """The rows to learn from, and a few from all over the table that are kept out."""
    every = len(rows) // KEPT_OUT
    kept_out = [row for index, row in enumerate(rows) if index % every == every - 1][:KEPT_OUT]
    return [row for row in rows if row not in kept_out], kept_out


def write_csv(path: Path, rows: Sequence[Row]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, (*FEATURES, TARGET))
        writer.writeheader()
        writer.writerows({name: f"{value:g}" for name, value in row.items()} for row in rows)


def step(told: Console, text: str) -> None:
    told.print(f"\n■ {text}", style="bold", markup=False)


def show_columns(dataset: Dataset, told: Console) -> None:
    cells = [
        (column.name, column.kind, figure(column.minimum), figure(column.maximum), figure(column.distinct))
        for column in dataset.columns
    ]
    told.print(table(("column", "kind", "least", "greatest", "distinct"), cells, ("least", "greatest", "distinct")))


def report_cells(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the comparison shows of a report, line by line."""
    scores, baseline = report["metrics"]["test"], report["baseline"]["test"]
    scaled, raw = report["curvature"]["scaled"], report["curvature"]["raw"]
    return [
        ("rows (train / validation / test)", " / ".join(figure(report["rows"][split]) for split in SPLITS)),
        ("trained", trained(report)),
        ("test RMSE", figure(scores["rmse"])),
        ("  always saying the mean", figure(baseline["rmse"])),
        ("test MAE", figure(scores["mae"])),
        ("  always saying the mean", figure(baseline["mae"])),
        ("test R²", figure(scores["r2"])),
        ("λmax", figure(scaled["lambda_max"])),
        ("condition number", figure(scaled["condition_number"])),
        ("  of the columns as they came", figure(raw["condition_number"])),
        ("stable learning rate below", figure(scaled["stable_learning_rate"])),
        ("  on the columns as they came", figure(raw["stable_learning_rate"])),
    ]


def comparison(reports: Mapping[str, Mapping[str, Any]]) -> str:
    """What the two test errors say of each other."""
    neuron, network = (reports[model]["metrics"]["test"]["rmse"] for model in (LINEAR, NETWORK))
    share = 1 - network / neuron
    if abs(share) < SAME:
        return "On this table the network is no better than the linear neuron: take the neuron, which can be read."
    return f"On this table the network errs {abs(share):.0%} {'less' if share > 0 else 'more'} than the linear neuron."


def show_predictions(rows: Sequence[Row], answers: Mapping[str, Sequence[float]], told: Console) -> None:
    def off(model: str) -> float:
        return sum(abs(said - row[TARGET]) for said, row in zip(answers[model], rows, strict=True)) / len(rows)

    lines = [
        (
            figure(row["age"]),
            figure(row["bmi"]),
            figure(row[TARGET]),
            *(f"{answers[model][index]:.1f}" for model in answers),
        )
        for index, row in enumerate(rows)
    ]
    headings = ("age", "bmi", f"true {TARGET}", "neuron", "network")
    told.print(
        table(headings, [*lines, ("", "", "off by, on average", *(f"{off(model):.1f}" for model in answers))], headings)
    )


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
