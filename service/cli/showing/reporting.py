"""The report of a version, made readable: how good it is, how hard the data is to descend on, what there is to note."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from service.cli.showing.fitting import Sheet
from service.cli.showing.rendering import SPLITS, details, figure, sparkline, table
from service.client import Version

CURVATURE = {
    "lambda_max": "λmax",
    "lambda_min": "λmin",
    "condition_number": "condition number",
    "stable_learning_rate": "largest stable learning rate",
    "best_learning_rate": "best learning rate in the worst case",
    "epochs_to_1_percent": "epochs to 1 % of the gap, at most",
}
BESIDE = ("learnt", "optimum", "difference")
FORECAST = {
    "best_learning_rate": "best learning rate on these rows",
    "epochs_to_1_percent": "epochs to 1 % of the gap",
    "epochs_at_worst_case_rate": "epochs at the worst-case rate",
}


def published(version: Version, report: Mapping[str, Any]) -> Group:
    """What a training run has made, and what to do with it."""
    return Group(
        Text(f"{version.ref} was published", style="bold green"),
        *([Text(str(choice["sentence"]))] if (choice := report.get("choice")) else []),
        metrics(report),
        *refit(report),
        f"adaline predict {version.model} rows.csv    adaline report {version.ref}",
    )


def page(version: Version, report: Mapping[str, Any]) -> Group:
    """The whole report."""
    lineage = report.get("lineage") or {}
    counts = report.get("rows") or {}
    rows = ", ".join(f"{figure(counts[split])} {split}" for split in SPLITS if counts.get(split))
    parts: list[RenderableType] = [
        details(
            (
                ("model", version.ref),
                ("predicts", f"{', '.join(version.targets)} ({version.task})"),
                ("network", shape(lineage.get("spec") or {})),
                ("rows", rows),
                ("trained", f"{trained(report)} in {figure(lineage.get('seconds'))} s"),
            )
        ),
        metrics(report),
        *refit(report),
        *learning_curve(report),
        *curvature(report),
        *verdict(report),
        *certificate(report),
        *weights(report),
        *importance(report),
        *by_target(report),
        *(Text(f"note: {warning.get('detail')}", style="yellow") for warning in report.get("warnings") or ()),
    ]
    return Group(*parts)


def shape(spec: Mapping[str, Any]) -> str:
    """The layers of a spec's network: 64 → 64, with 8 members 8 × (64 → 64)."""
    layers = " → ".join(map(str, (spec.get("network") or {}).get("hidden") or ["linear neuron"]))
    members = spec.get("members") or 1
    return layers if members == 1 else f"{members} × ({layers})"


def trained(report: Mapping[str, Any]) -> str:
    """How long it learnt: 45 epochs, 35 the best."""
    history = report.get("history") or []
    best = report.get("best_epoch")
    kept = f", {figure(best)} the best" if best not in (None, len(history)) else ""
    return f"{figure(len(history))} epochs{kept}"


def metrics(report: Mapping[str, Any]) -> Sheet:
    """Each metric on each split, beside what always saying the mean (or the commonest class) would score."""
    judged: Mapping[str, Any] = {split: scores for split, scores in (report.get("metrics") or {}).items() if scores}
    baseline: Mapping[str, Any] = {split: scores for split, scores in (report.get("baseline") or {}).items() if scores}
    splits = [split for split in SPLITS if split in judged]
    beside = next((split for split in reversed(SPLITS) if split in baseline), None)
    names = [
        name for name, value in (judged[splits[0]] if splits else {}).items() if not isinstance(value, list | dict)
    ]
    against = [f"baseline ({beside})"] if beside else []
    rows = [
        (
            name,
            *(figure(judged[split].get(name)) for split in splits),
            *([figure(baseline[beside].get(name))] if beside else []),
        )
        for name in names
    ]
    return table(("metric", *splits, *against), rows, (*splits, *against))


def refit(report: Mapping[str, Any]) -> list[RenderableType]:
    """What the published model was trained on, where that is more than what the metrics are of."""
    found = report.get("refit") or {}
    return [Text(str(found["sentence"])), ""] if found.get("sentence") else []


def learning_curve(report: Mapping[str, Any]) -> list[RenderableType]:
    """The losses of all epochs in a line each."""
    curves = []
    for split in ("train", "validation"):
        losses = [epoch.get(f"{split}_loss") for epoch in report.get("history") or ()]
        told = [float(loss) for loss in losses if loss is not None]
        if told:
            curves.append((f"{split} loss", f"{figure(told[0])} {sparkline(told)} {figure(told[-1])}"))
    return [details(curves), ""] if curves else []


def curvature(report: Mapping[str, Any]) -> list[RenderableType]:
    """What the data's curvature allows, on the columns as they are trained on and as they came."""
    found = report.get("curvature") or {}
    kinds = [kind for kind in ("scaled", "raw") if found.get(kind)]
    rows = [(label, *(figure(found[kind].get(name)) for kind in kinds)) for name, label in CURVATURE.items()]
    told = found.get("forecast") or {}
    if told:
        rows += [
            (label, *(figure((told.get(kind) or {}).get(name)) for kind in kinds)) for name, label in FORECAST.items()
        ]
    notes = [found.get("note"), _of_run(told.get("run")), found.get("forecast_left_out")]
    said: list[RenderableType] = [Text(str(note), style="dim") for note in notes if note]
    return [table(("curvature", *kinds), rows, kinds), *said, *([""] if said else [])] if kinds else []


def _of_run(run: Mapping[str, Any] | None) -> str | None:
    """What the forecast says of the spec itself."""
    if run is None:
        return None
    arrives = run["epochs_to_1_percent"]
    when = f"after {figure(arrives)} of its" if arrives is not None else "not within its"
    return (
        f"forecast for full-batch descent with this rate and momentum: 1 % of the gap is left {when} "
        f"{figure(run['epochs'])} epochs, and {run['share_left']:.2g} of it at the end"
    )


def verdict(report: Mapping[str, Any]) -> list[RenderableType]:
    """Which of a linear neuron and a network was published, and whether the network is worth it."""
    told = [(report.get(part) or {}).get("sentence") for part in ("choice", "verdict")]
    said: list[RenderableType] = [Text(str(sentence), style="bold") for sentence in told if sentence]
    return [*said, ""] if said else []


def by_target(report: Mapping[str, Any]) -> list[RenderableType]:
    """What is told of each of several targets alone."""
    each = (report.get("by_target") or {}).items()
    told = ((name, [*certificate(parts), *weights(parts), *importance(parts)]) for name, parts in each)
    return [line for name, lines in told if lines for line in (Text(name, style="bold"), *lines)]


def certificate(report: Mapping[str, Any]) -> list[RenderableType]:
    """How far a linear neuron is from its exact optimum; or why that is not told."""
    found = report.get("certificate")
    if not found:
        left_out = report.get("certificate_left_out")
        return [Text(f"no certificate: {left_out}", style="yellow"), ""] if left_out else []
    gap = Text(
        f"loss {figure(found.get('loss'))}, optimum {figure(found.get('optimum_loss'))}, gap {figure(found.get('gap'))}"
    )
    separated = found.get("separation") or {}
    told = (separated.get("detail"), found.get("note"))
    notes: list[RenderableType] = [line for one in told if one for line in (Text(str(one), style="yellow"), "")]
    return [gap, *notes]


def weights(report: Mapping[str, Any]) -> list[RenderableType]:
    """What a linear neuron has learnt, beside the exact optimum, in the user's units."""
    listed = report.get("weights") or _optimum((report.get("certificate") or {}).get("coefficients") or ())
    several = len({one.get("class") for one in listed}) > 1
    of = listed[0].get("class") if listed and not several else None
    heading = "log-odds" if several else "coefficient" if of is None else f"log-odds of {of}"
    rows = [
        [_coefficient(one, several), *(figure(one.get(name)) for name in (*BESIDE, "low", "high"))] for one in listed
    ]
    return [table((heading, *BESIDE, "low", "high"), rows, (*BESIDE, "low", "high"), ("low", "high"))] if rows else []


def importance(report: Mapping[str, Any]) -> list[RenderableType]:
    """How much worse the model gets without each feature."""
    rows = [[str(one.get("feature")), *_interval(one, "value")] for one in report.get("importance") or ()]
    return [_intervals("importance", rows)] if rows else []


def _optimum(coefficients: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """What the reports of earlier versions have: the optimum's alone."""
    return [{**one, "optimum": one.get("value")} for one in coefficients]


def _coefficient(one: Mapping[str, Any], several: bool) -> str:
    """Its name, with its class where there are several."""
    return f"{one.get('class')}: {one.get('feature')}" if several else str(one.get("feature"))


def _interval(one: Mapping[str, Any], name: str) -> list[str]:
    return [figure(one.get(name)), figure(one.get("low")), figure(one.get("high"))]


def _intervals(heading: str, rows: Sequence[Sequence[str]]) -> Sheet:
    return table((heading, "value", "low", "high"), rows, ("value", "low", "high"))
