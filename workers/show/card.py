"""The model card of a version (Mitchell et al. 2019), written from its report: its purpose, its quality, its limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from service.domain.cells.kinds import Kind
from service.domain.described import described
from service.domain.model.predictor import label_text
from service.domain.report.regression import Interval
from service.domain.report.report import Lineage, Report
from service.domain.vocabulary.tasks import TASKS
from workers.show.card_neuron import MOST_FEATURES, count, forecast, gap, weights
from workers.show.card_temperature import temperature
from workers.show.exhibit import Exhibit, Section
from workers.show.markdown import code, prose, table
from workers.show.plot import figure, target_of, written
from workers.show.views import views

CARD = "model-card.md"
SPLITS = ("train", "validation", "test")

Pictures = Sequence[tuple[Exhibit, int]]
"""Those that there are, each with the number of its target."""


def model_card(report: Report, kinds: Mapping[str, Kind], pictures: Pictures, taken: Sequence[str] = ()) -> str:
    """Markdown. `kinds` are the features' kinds; `taken` the names of files beside the card, to answer elsewhere."""
    spec = report.lineage.spec
    sections = {
        f"Model card: {code(spec.model)}": _purpose(report, kinds),
        Section.QUALITY: _quality(report, pictures),
        Section.RELIANCE: _of_each(report, pictures, _features),
        Section.CERTAINTY: _of_each(report, pictures, _certainty),
        Section.TRAINING: _training(report, pictures),
        "Limits": _limits(report),
        "Use without the server": _taken(taken),
        "Lineage": _lineage(report),
    }
    written_out = []
    for number, (heading, parts) in enumerate(sections.items()):
        if body := [part for part in parts if part]:
            written_out.append("\n\n".join([f"{'#' if number == 0 else '##'} {heading}", *body]))
    return "\n\n".join(written_out) + "\n"


def _purpose(report: Report, kinds: Mapping[str, Kind]) -> Iterator[str]:
    spec = report.lineage.spec
    what = TASKS[report.task].called
    if report.by_target:
        what = f"{len(report.by_target)} numbers"
    hidden = spec.network.hidden
    layers = f"hidden layers of {' and '.join(map(str, hidden or ()))}"
    kind = f"A network with {layers}" if hidden else "A linear neuron"
    if spec.n_members > 1:
        kind = f"The mean of {spec.n_members} networks, each with {layers},"
    yield f"{kind} that predicts {code(target_of(report))}, {what}, from {count(len(kinds), 'feature')}:"
    shown = list(kinds.items())[:MOST_FEATURES]
    listed = ", ".join(f"{code(name)} ({kind})" for name, kind in shown)
    yield listed + (f" and {len(kinds) - len(shown)} more." if len(shown) < len(kinds) else ".")
    if spec.numeric_bins:
        yield f"It reads each number as it is and by at most {spec.numeric_bins} bins (piecewise-linear encoding)."
    if spec.scaling_layer:
        yield "A factor of each input was learned with its weights, which contain it (scaling layer)."


def _quality(report: Report, pictures: Pictures) -> Iterator[str]:
    judged = {name: report.metrics[name] for name in SPLITS if report.rows.get(name)}
    beside = next((name for name in ("test", "validation") if name in report.baseline), None)
    names = [field.name for field in described(type(judged["train"])) if field.name not in ("confusion", "by_target")]
    heads = ["", *(f"{name} ({report.rows[name]:,} rows)" for name in judged)]
    rows = [[code(name), *(figure(getattr(judged[split], name)) for split in judged)] for name in names]
    if beside:
        heads.append(f"trivial, {beside}")
        rows = [[*row, figure(getattr(report.baseline[beside], name))] for row, name in zip(rows, names, strict=True)]
    yield table(heads, rows)
    if beside:
        always = "the training mean" if TASKS[report.task].is_regression else "the training rows' class shares"
        yield f"The trivial model always predicts {always}."
    if report.choice is not None:
        yield prose(report.choice.sentence)
    if report.refit is not None:
        yield prose(report.refit.sentence)
    if report.verdict is not None:
        yield prose(report.verdict.sentence)
    if found := report.classes:
        heads = ["class", "precision", "recall", "F1", f"{found.part} rows"]
        listed = found.per_class[:MOST_FEATURES]
        yield table(
            heads,
            [
                [
                    code(label_text(one.label)),
                    *map(figure, (one.precision, one.recall, one.f1)),
                    f"{one.support:,}",
                ]
                for one in listed
            ],
        )
    for number, _, _ in views(report):
        yield from _shown(pictures, Section.QUALITY, number)


def _of_each(
    report: Report,
    pictures: Pictures,
    section: Callable[[Report, Pictures, int], Iterator[str]],
) -> Iterator[str]:
    """A section for the only target, or for each under its name."""
    for number, target, view in views(report):
        parts = list(section(view, pictures, number))
        yield from [f"### {code(target)}", *parts] if number and parts else parts


def _features(report: Report, pictures: Pictures, number: int) -> Iterator[str]:
    ranked, on = report.importance, report.importance_on
    if ranked and on is not None:
        yield (
            f"How much the {code(on.metric)} grows on {on.rows:,} {on.part} rows when a feature's values are "
            f"shuffled among them ({on.repeats} times), with {on.confidence * 100:.0f} % intervals:"
        )
        yield table(
            ["feature", "increase", "low", "high"],
            [
                [code(one.feature), *(figure(getattr(one, name)) for name in ("value", "low", "high"))]
                for one in ranked[:MOST_FEATURES]
            ],
        )
        if len(ranked) > MOST_FEATURES:
            yield f"{len(ranked) - MOST_FEATURES} more features are in the report."
    if listed := report.weights:
        yield from weights(report, listed)
    yield from _shown(pictures, Section.RELIANCE, number)


def _certainty(report: Report, pictures: Pictures, number: int) -> Iterator[str]:
    if levels := report.intervals:
        yield "Prediction intervals (split-conformal): prediction ± half-width contains the true value of a new row."
        yield table(
            ["level", "half-width", "coverage", "measured on"],
            [
                (f"{one.level * 100:.0f} %", figure(one.half_width), _share(one.coverage), _measured(one))
                for one in levels
            ],
        )
        yield from (f"{one.level * 100:.0f} %: {one.reason}." for one in levels if one.reason)
    if report.classes is not None:
        found = report.classes.calibration
        yield (
            f"Predicted probabilities ({found.of}) and what came true differ by {found.expected_error:.3f} on "
            f"average over bins; the Brier score is {found.brier:.3f}."
        )
        if (scaling := report.classes.temperature) is not None:
            yield temperature(scaling)
    yield from _shown(pictures, Section.CERTAINTY, number)


def _training(report: Report, pictures: Pictures) -> Iterator[str]:
    spec = report.lineage.spec
    optimizer, rate = spec.optimizer, spec.optimizer.learning_rate
    size = "full batches" if spec.batch_size == "full" else f"batch size {spec.batch_size}"
    pace = f"{optimizer.kind}, learning rate {rate if isinstance(rate, str) else written(rate, 0)}, {size}"
    epochs, best = len(report.history), report.best_epoch
    kept = f", of which epoch {best:,} was kept" if best != epochs else ""
    took = f"{count(epochs, 'epoch')}{kept}"
    smoothed = f" with label smoothing {figure(spec.label_smoothing)}" if spec.label_smoothing else ""
    yield f"The {code(spec.loss)} loss{smoothed} was lowered in {took} ({pace}; seed {spec.seed})."
    scaled, raw = report.curvature.scaled, report.curvature.raw
    if scaled and raw:
        yield (
            f"Full-batch descent on the squared error is stable below a learning rate of "
            f"{figure(scaled.stable_learning_rate)} (condition number {figure(scaled.condition_number)}); on the "
            f"unscaled columns, below {figure(raw.stable_learning_rate)} "
            f"({figure(raw.condition_number)})."
        )
    if report.curvature.forecast is not None:
        yield from forecast(report.curvature.forecast)
    for number, target, view in views(report):
        if found := view.certificate:
            yield f"{code(target)}: {gap(found)}" if number else gap(found)
            if found.note:
                yield f"Of that optimum: {prose(found.note)}."
    yield from _shown(pictures, Section.TRAINING)


def _limits(report: Report) -> Iterator[str]:
    noted = [prose(warning.detail) for warning in report.warnings]
    for name, notes in report.lineage.column_notes.items():
        noted += [f"{code(name)}: {prose(note)}" for note in notes]
    fixed = ["It is valid for rows like those of its dataset. `?flags=true` marks values unlike any seen in training."]
    if report.lineage.spec.clip_predictions:
        fixed.append("It predicts nothing beyond the range of the target in its training rows.")
    each = [view for _, _, view in views(report)]
    if any(view.importance for view in each):
        fixed.append("Importance shows what the model uses, not causation; correlated features share it.")
    if any(view.intervals for view in each):
        fixed.append("The intervals hold on average over new rows of the same kind, not for each single one.")
    yield "\n".join(f"- {line}" for line in [*noted, *fixed])


def _taken(taken: Sequence[str]) -> Iterator[str]:
    """How to answer without the server, by the files that there are."""
    said = {
        "predict.py": "predicts with numpy and safetensors alone",
        "model.onnx": "is the same as a single ONNX graph, including the transform",
    }
    if parts := [f"{code(name)} {sentence}" for name, sentence in said.items() if name in taken]:
        yield f"{' and '.join(parts)}; `adaline download` fetches the files."


def _lineage(report: Report) -> Iterator[str]:
    lineage = report.lineage
    versions = ", ".join(f"{name} {version}" for name, version in sorted(lineage.versions.items()))
    rows = ", ".join(f"{count:,} {name}" for name, count in report.rows.items() if count)
    lines = (
        f"dataset {code(lineage.spec.dataset)}, sha256 {code(lineage.dataset_sha256)}",
        *_other_dataset(lineage),
        f"{rows} rows; split {code(lineage.split_sha256)}",
        *_refitted(report),
        f"trained by the {lineage.engine} engine in {lineage.seconds:.1f} s, with {versions}",
        f"full spec and all figures: {code('report.json')}",
    )
    yield "\n".join(f"- {line}" for line in lines)


def _refitted(report: Report) -> list[str]:
    trained = report.lineage.trained_rows
    told = f"published after training on {trained.published:,} rows, evaluated after training on {trained.judged:,}"
    return [told] if report.refit is not None else []


def _other_dataset(lineage: Lineage) -> list[str]:
    id, sha256 = lineage.spec.split.validation_dataset, lineage.validation_dataset_sha256
    return [f"validated on dataset {code(id)}, sha256 {code(sha256)}"] if id and sha256 else []


def _shown(pictures: Pictures, section: Section, number: int = 0) -> Iterator[str]:
    for exhibit, of in pictures:
        if (exhibit.section, of) == (section, number):
            yield f"![{exhibit.caption}]({exhibit.named(of)})"


def _measured(one: Interval) -> str:
    return "–" if one.coverage is None else f"{one.rows:,} rows: {one.measured_on}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}".replace("%", " %")
