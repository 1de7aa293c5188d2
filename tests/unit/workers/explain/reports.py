"""Reports of small models, as a training run makes them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from service.domain.cells.kinds import Kind
from service.domain.described import document
from service.domain.report.report import Report
from service.domain.spec.training import TrainingSpec
from tests.unit.workers.training.running import Run, moment, run, spec_of, write_table
from workers.explain.certificate import Certified
from workers.explain.linear_neuron import linear_neuron
from workers.jobs.report import Evidence, Learnt, Origin, judged_report, published_report

HOSTILE = (
    "</text></title><script>alert('1')</script>\"><img src=x onerror=alert(1)>|`*[a](javascript:alert(1))"
    "&amp;\x1b\ufffe"
)


def report_of(made: Run, spec: TrainingSpec, certified: Mapping[str, Certified] | None = None) -> dict[str, Any]:
    """As it is stored: through JSON."""
    return as_stored(typed_report_of(made, spec, certified))


def as_stored(report: Report) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(json.dumps(document(report), allow_nan=False))
    return read


def typed_report_of(made: Run, spec: TrainingSpec, certified: Mapping[str, Certified] | None = None) -> Report:
    linear = linear_neuron(spec, made.prepared, made.predictor, lambda: None) if spec.network.kind == "mlp" else None
    certified = certified or {name: Certified() for name in spec.targets}
    learnt = Learnt(spec, made.prepared, made.predictor, made.progress, None)
    origin = Origin("ab" * 32, None, "one compiled kernel", {}, 1.5)
    return published_report(judged_report(learnt, Evidence(made.held, linear), origin, []), learnt, certified)


def trained(
    directory: Path, cells: Mapping[str, Sequence[Any]], kinds: Mapping[str, Kind], **changes: Any
) -> tuple[Run, dict[str, Any]]:
    made, report = typed_trained(directory, cells, kinds, **changes)
    return made, as_stored(report)


def typed_trained(
    directory: Path, cells: Mapping[str, Sequence[Any]], kinds: Mapping[str, Kind], **changes: Any
) -> tuple[Run, Report]:
    spec = spec_of(**changes)
    made = run(write_table(directory / "table.parquet", cells, kinds), spec, kinds)
    return made, typed_report_of(made, replace(spec, features=tuple(made.predictor.feature_kinds)))


def mixed(rows: int, task: str, name: str = "area", target: str = "price") -> tuple[dict[str, Any], dict[str, Kind]]:
    """Features of every kind, one of them called `name`, and a target of the task, called `target`."""
    generator = np.random.default_rng(0)
    area = generator.uniform(10, 200, rows)
    kinds: dict[str, Kind] = {name: "numeric", "garden": "boolean", "city": "categorical", "sold": "datetime"}
    cells: dict[str, Any] = {
        name: area.tolist(),
        "garden": (generator.random(rows) < 0.4).tolist(),
        "city": generator.choice([f"{name} 1", "Lille", "Nice"], rows).tolist(),
        "sold": [moment(seconds) for seconds in generator.uniform(1e9, 1.5e9, rows)],
    }
    if task == "regression":
        return {**cells, target: (3 * area + generator.normal(0, 20, rows)).tolist()}, {**kinds, target: "numeric"}
    classes = np.digitize(area + generator.normal(0, 20, rows), [100] if task == "binary" else [70, 130])
    return {**cells, target: [f"{name} is {code}" for code in classes]}, {**kinds, target: "categorical"}
