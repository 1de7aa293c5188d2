"""Two versions of a model side by side: how their specs, figures and origins differ, and which is better, if anyone can
say so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Required, TypedDict

from service.domain.model.promotion import LOWER_IS_BETTER, main_metric, told
from service.domain.vocabulary.missing import MISSING

JsonObject = Mapping[str, Any]
Side = Literal["a", "b"]
SPLITS = ("train", "validation", "test")
HELD_OUT = ("validation", "test")
ORIGINS = ("dataset", "dataset_sha256", "validation_dataset_sha256", "split_sha256", "engine", "versions")


@dataclass(frozen=True, slots=True)
class Compared:
    """A version, by what is stored of it. `rows` and `lineage` are its report's, as far as it has them."""

    version: int
    task: str
    target: str | list[str]
    spec: JsonObject
    metrics: JsonObject
    rows: JsonObject
    lineage: JsonObject

    @property
    def origin(self) -> JsonObject:
        """Where it came from."""
        known = {"dataset": self.spec.get("dataset"), **self.lineage}
        return {name: known[name] for name in ORIGINS if known.get(name) is not None}

    @property
    def metric(self) -> str:
        """The main one, as far as reports have it: of the median, the mean of the absolute errors."""
        metric = main_metric(self.task, str(self.spec.get("loss", "auto")))
        is_median = metric == "quantile_loss" and self.spec.get("quantile", 0.5) == 0.5
        return "mae" if is_median else metric


@dataclass(frozen=True, slots=True)
class Judgement:
    """Which is better, by which metric on which split; None where that cannot be said, or both are as good."""

    sentence: str
    better: Side | None = None
    metric: str | None = None
    split: str | None = None


class Difference(TypedDict, total=False):
    """A place where two documents differ, and what either has there; a side that has nothing is left out."""

    pointer: Required[str]
    a: Any
    b: Any


class Figure(TypedDict):
    """A metric of both on a split, of one of several targets or of all."""

    split: str
    target: str | None
    metric: str
    lower_is_better: bool
    a: float | None
    b: float | None
    difference: float | None
    better: Side | None


def compare(a: Compared, b: Compared) -> dict[str, Any]:
    """All of it, as it is answered: what is the same in both is left out of `spec` and `lineage`."""
    verdict = judge(a, b)
    return {
        "spec": list(differences(a.spec, b.spec)),
        "metrics": list(figures(a.metrics, b.metrics)),
        "lineage": list(differences(a.origin, b.origin)),
        "rows": {name: {"a": a.rows.get(name), "b": b.rows.get(name)} for name in SPLITS},
        "same_rows": not why_other_rows(a, b),
        "better": verdict.better,
        "metric": verdict.metric,
        "split": verdict.split,
        "sentence": verdict.sentence,
    }


def differences(a: JsonObject, b: JsonObject, pointer: str = "") -> Iterator[Difference]:
    """What differs, as JSON pointers with both values; a value that is not there at all is left out."""
    for key in sorted({*a, *b}):
        place = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
        if isinstance(a.get(key), Mapping) and isinstance(b.get(key), Mapping):
            yield from differences(a[key], b[key], place)
        elif key not in a or key not in b or not _same(a[key], b[key]):
            found: Difference = {"pointer": place}
            if key in a:
                found["a"] = a[key]
            if key in b:
                found["b"] = b[key]
            yield found


def _same(one: Any, other: Any) -> bool:
    """Whether two values are equal as JSON, where true is not 1."""
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def figures(a: JsonObject, b: JsonObject) -> Iterator[Figure]:
    """Each figure of each split that either has; of several targets also those of each."""
    for split in SPLITS:
        mine, other = a.get(split) or {}, b.get(split) or {}
        yield from _figures(split, None, mine, other)
        by_target = mine.get("by_target") or {}, other.get("by_target") or {}
        for target in sorted({*by_target[0], *by_target[1]}):
            yield from _figures(split, target, by_target[0].get(target, {}), by_target[1].get(target, {}))


def _figures(split: str, target: str | None, a: JsonObject, b: JsonObject) -> Iterator[Figure]:
    for name, lower in LOWER_IS_BETTER.items():
        if name in a or name in b:
            one, other = a.get(name), b.get(name)
            yield {
                "split": split,
                "target": target,
                "metric": name,
                "lower_is_better": lower,
                "a": one,
                "b": other,
                "difference": None if one is None or other is None else other - one,
                "better": None if one is None or other is None else _better(one, other, lower),
            }


def _better(a: float, b: float, lower: bool) -> Side | None:
    if a == b:
        return None
    return "a" if (a < b) is lower else "b"


def judge(a: Compared, b: Compared) -> Judgement:
    """One sentence that is true: which is better and by how much, or why they cannot be compared."""
    if a.version == b.version:
        return Judgement(f"Both are version {a.version}: there is nothing to compare.")
    why = _why_not(a, b)
    if why:
        return Judgement(f"Whether version {a.version} or version {b.version} is better cannot be said: {why}.")
    metric = a.metric
    for split in HELD_OUT:
        one, other = ((side.metrics.get(split) or {}).get(metric) for side in (a, b))
        if one is not None and other is not None:
            return _judgement(a, b, split, metric, one, other)
    return Judgement(
        f"Whether version {a.version} or version {b.version} is better cannot be said: they share no held-out rows "
        f"with a {metric} of both, and on its own training rows any model can look good."
    )


def _why_not(a: Compared, b: Compared) -> str:
    if a.target != b.target:
        return f"they predict different columns, {_listed(a.target)} and {_listed(b.target)}"
    if a.task != b.task:
        return f"they have different tasks, {a.task} and {b.task}"
    if a.metric != b.metric:
        return f"they were trained for different metrics, {a.metric} and {b.metric}"
    if a.metric == "quantile_loss":
        return 'reports have no metric for quantiles; train one with "promote": "if_better" to compare it'
    return why_other_rows(a, b)


def why_other_rows(a: Compared, b: Compared) -> str:
    """Why their held-out rows are not known to be the same; empty where they are."""
    if not (a.lineage.get("split_sha256") and b.lineage.get("split_sha256")):
        return "one report does not say on which rows its version was evaluated"
    others = [(side.spec.get("split") or {}).get("validation_dataset") for side in (a, b)]
    if others[0] != others[1]:
        return "they were evaluated on rows of different datasets; train one again with the other's split"
    if others[0] is None:
        if a.spec.get("dataset") != b.spec.get("dataset"):
            return (
                "they were evaluated on rows of different "
                "datasets; train one again on the other's dataset, or both with "
                "the same split.validation_dataset"
            )
        if a.lineage["split_sha256"] != b.lineage["split_sha256"]:
            return (
                "they were evaluated on different rows of the same "
                "dataset; train one again with the other's seed, split "
                "and missing"
            )
    elif a.rows.get("validation") != b.rows.get("validation") or _drops(a) != _drops(b):
        return "they dropped different rows of the validation dataset because of missing cells"
    return ""


def _drops(side: Compared) -> Any:
    """Which columns' gaps leave rows out."""
    policy = side.spec.get("missing")
    return side.spec.get("features") if policy is not None and MISSING[policy].drops else None


def _judgement(a: Compared, b: Compared, split: str, metric: str, one: float, other: float) -> Judgement:
    rows = a.rows.get(split)
    place = f"the same {rows:,} {split} rows" if isinstance(rows, int) else f"the same {split} rows"
    if one == other:
        return Judgement(
            f"Versions {a.version} and {b.version} are as good as each other: both have a {metric} of "
            f"{told(one, other)} on {place}.",
            None,
            metric,
            split,
        )
    best, worst, low, high = (a, b, one, other) if one < other else (b, a, other, one)
    return Judgement(
        f"Version {best.version} is better: on {place} its {metric} is {told(low, high)}, and that of version "
        f"{worst.version} is {told(high, low)}, which is {_share(low, high)}.",
        "a" if best is a else "b",
        metric,
        split,
    )


def _share(low: float, high: float) -> str:
    """How much higher the higher figure is."""
    if low <= 0:
        return f"higher by {high - low:.3g}"
    ratio = high / low
    return f"{ratio:.3g} times as much" if ratio >= 2 else f"{(ratio - 1) * 100:.3g} % more"


def _listed(target: str | list[str]) -> str:
    return repr(target) if isinstance(target, str) else ", ".join(map(repr, target))
