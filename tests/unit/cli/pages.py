"""Every page of the command line, of records with long names and large numbers."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from rich.console import RenderableType

from service.cli.showing import checking, comparing, rendering, reporting, serving, versus
from service.cli.showing.rendering import VisibleConsole
from service.client import Column, Dataset, Job, Model, Version

MOMENT = datetime(2026, 11, 29, 3, 4, tzinfo=UTC)
LONG = "customer-lifetime-value-per-household"
LONGEST = "a-name-of-one-hundred-letters-" + "x" * 70
TARGET = "gross_annual_household_income_before_taxes_in_2024"
FIGURES = [0.00488, -123456789.125, 1.2345e-12, 5929.9, 987654321098765.0]
METRICS = {
    split: dict(zip(("mse", "rmse", "mae", "r2", "explained_variance"), FIGURES, strict=True))
    for split in ("train", "validation", "test")
}


def drawn(page: RenderableType, width: int) -> str:
    """What a terminal of so many columns shows."""
    out = io.StringIO()
    VisibleConsole(file=out, width=width, highlight=False).print(page, crop=False)
    return out.getvalue()


def datasets() -> list[Dataset]:
    columns = tuple(
        Column(name=name, kind="categorical", nulls=123_456_789, distinct=987_654_321) for name in (TARGET, LONGEST)
    )
    return [
        Dataset(
            id="ds_01k4q2v7x8m3n5p6r9s0t1w2y3", name=name, state="ingesting", rows=123_456_789_012, bytes=10**12,
            rejected_rows=1_234_567, sha256="0123456789abcdef" * 4, columns=columns, created_at=MOMENT,
            error={"code": "too_many_rejected", "detail": f"a third of the rows of {LONG} cannot be read; fix it"},
        )
        for name in (f"{LONG} of the county 2024.csv", f"{LONGEST}.csv", "cancer.csv")
    ]  # fmt: skip


def jobs() -> list[Job]:
    return [
        Job(
            id="job_01k4q2v7x8m3n5p6r9s0t1w2y3", kind=kind, state="cancelling", model_name=name, attempt=3,
            dataset="ds_01k4q2v7x8m3n5p6r9s0t1w2y3", spec={"target": [TARGET, LONG]}, created_at=MOMENT,
            progress={"epoch": 123_456, "epochs": 1_000_000, "fraction": 0.67, "train_loss": FIGURES[1],
                      "validation_loss": FIGURES[4]},
        )
        for kind, name in (("train", LONG), ("descent-comparison", LONG), ("predict", LONGEST))
    ]  # fmt: skip


def model() -> Model:
    return Model(
        name=LONG, latest_version=123_456, serves=1234, updated_at=MOMENT,
        aliases={"default": 1234, "champion-of-the-western-region": 123_456, LONGEST: 7},
    )  # fmt: skip


def version() -> Version:
    return Version(
        model=LONG, version=123_456, task="regression", target=(TARGET, LONG), metrics=METRICS, created_at=MOMENT
    )


def report() -> dict[str, Any]:
    interval = {"value": FIGURES[1], "low": FIGURES[4], "high": FIGURES[0]}
    coefficients = [{"feature": name, **interval} for name in (TARGET, LONGEST, "rooms")]
    curvature = dict(zip(reporting.CURVATURE, (*FIGURES, 60_287_823), strict=True))
    return {
        "task": "regression",
        "rows": {"train": 123_456_789, "validation": 23_456_789, "test": 1},
        "metrics": METRICS,
        "baseline": METRICS,
        "history": [{"train_loss": loss, "validation_loss": loss} for loss in range(1000, 1, -1)],
        "best_epoch": 998,
        "curvature": {"scaled": curvature, "raw": curvature, "note": f"a bound of {LONG} on {TARGET} columns"},
        "certificate": {"loss": FIGURES[1], "optimum_loss": FIGURES[4], "gap": 1e-9, "coefficients": coefficients},
        "verdict": {"sentence": f"The network on {LONG} and {TARGET} is not worth it by 123,456,789.125 ± 0.00488."},
        "importance": [{"feature": name, **interval} for name in (TARGET, LONGEST)],
        "warnings": [{"code": "few_rows", "detail": f"column {TARGET} and {LONGEST} have few rows"}],
        "lineage": {"spec": {"network": {"hidden": [1024, 512]}}, "seconds": 123456.789},
    }


def comparison() -> dict[str, Any]:
    descents = [
        {
            "descent": name, "scaled": scaled, "batch_size": 123_456, "learning_rate": 0.0013141,
            "stable_learning_rate": 0.07529, "reached": scaled, "diverged": not scaled, "epochs": 1000, "steps": 10**9,
            "rows_touched": 123_456_789_012, "seconds": 123.4, "loss": FIGURES[1], "least_loss": 1.5,
            "condition_number": FIGURES[4], "curve": [{"loss": float(loss)} for loss in range(300, 1, -1)],
        }
        for name in ("batch", "stochastic", "mini-batch") for scaled in (True, False)
    ]  # fmt: skip
    return {
        "task": "regression", "loss": "mse", "rows": 123_456_789, "descents": descents, "least_is": "exact",
        "baseline_loss": FIGURES[4], "tolerance": 0.01, "sentence": f"On scaled columns of {LONG} it arrived.",
    }  # fmt: skip


def preflight() -> dict[str, Any]:
    curvature = dict(zip(reporting.CURVATURE, (*FIGURES, 60_287_823), strict=True))
    left_out = [{"column": LONGEST, "detail": "text, which no feature is made of"}]
    return {
        "spec": {"target": TARGET, "task": "regression", "loss": "mse", "features": [f"{TARGET}_{n}" for n in range(9)],
                 "network": {"hidden": [1024, 512]}, "optimizer": {"kind": "adamw"}, "schedule": "cosine",
                 "batch_size": 123_456},
        "estimate": {"memory": {"total_bytes": 10**12}, "time": {"seconds": 123_456, "why": f"as {LONG} took"}},
        "rates": {"learning_rate": 0.0013141, "why": "half of 2/λmax = 0.07529", "epochs": 1_000_000},
        "notes": [f"{TARGET} is numeric with 123,456,789 values"],
        "curvature": {"scaled": curvature, "raw": curvature, "columns": ["a"], "basis": "rows", "left_out": left_out},
        "warnings": [{"code": "not_scaled", "detail": f"{LONGEST} would need about 60,287,823 epochs"}],
    }  # fmt: skip


def preview() -> dict[str, Any]:
    names = [TARGET, LONG, "rooms", *(f"measurement_{n}" for n in range(12))]
    return {
        "dialect": {"encoding": "windows-1252", "delimiter": ";", "header": True},
        "columns": [{"name": name, "kind": "categorical", "notes": [f"150 of 200 cells of {LONG}"]} for name in names],
        "rows": [["123456789.125"] * len(names), [LONGEST, None, *["x y"] * (len(names) - 2)]],
        "rejects": [{"row": 123_456, "column": TARGET, "reason": f"{LONGEST} is no number: declare types"}],
    }


def versus_of_two() -> dict[str, Any]:
    metrics = [
        {"split": "validation", "target": TARGET, "metric": "explained_variance", "a": FIGURES[1], "b": FIGURES[4],
         "difference": -FIGURES[4], "better": "a"}
    ]  # fmt: skip
    spec = [{"pointer": "/split/validation_dataset", "a": LONG, "b": None}, {"pointer": "/metadata", "b": 12345.678}]
    return {
        "a": {"version": 123_455}, "b": {"version": 123_456}, "sentence": f"Version 123456 of {LONG} is better.",
        "metrics": metrics, "spec": spec, "lineage": spec,
    }  # fmt: skip


PAGES: dict[str, Callable[[], RenderableType]] = {
    "datasets": lambda: rendering.datasets(datasets()),
    "datasets ID": lambda: rendering.dataset(datasets()[0]),
    "upload --preview": lambda: rendering.preview(preview()),
    "jobs": lambda: rendering.jobs(jobs()),
    "jobs ID": lambda: rendering.job(jobs()[0]),
    "models": lambda: serving.models([model()]),
    "models NAME": lambda: serving.model(model(), [version(), version()]),
    "alias": lambda: serving.what_serves(model()),
    "report": lambda: reporting.page(version(), report()),
    "train": lambda: reporting.published(version(), report()),
    "train --check": lambda: checking.page(preflight()),
    "compare": lambda: comparing.page(comparison()),
    "versions --compare": lambda: versus.page(versus_of_two()),
}
