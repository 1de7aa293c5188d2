"""What the card says of a linear neuron: what it learnt beside the exact optimum, and how descent goes there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from service.domain.descent.forecast import Forecasts
from service.domain.report.neuron import Certificate, Weight
from service.domain.report.report import Report
from service.domain.sentences import few
from service.domain.vocabulary.tasks import TASKS
from workers.show.markdown import code, table
from workers.show.plot import figure, target_of

MOST_FEATURES = 20


def weights(report: Report, listed: Sequence[Weight]) -> Iterator[str]:
    """The learnt coefficients, with the optimum's where there is one."""
    of = code(target_of(report)) if TASKS[report.task].is_regression else "the log-odds of a class"
    yield f"What one unit of a feature adds to {of}: learnt, and in the exact optimum of the same loss and rows."
    several = len({one.label for one in listed}) > 1
    names = [one.name if several else one.feature for one in listed]
    yield table(
        ["feature", "learnt", "optimum", "difference"],
        [
            [code(name), *(figure(getattr(one, key)) for key in ("learnt", "optimum", "difference"))]
            for name, one in list(zip(names, listed, strict=True))[:MOST_FEATURES]
        ],
    )
    if len(listed) > MOST_FEATURES:
        yield f"{len(listed) - MOST_FEATURES:,} more coefficients are in the report."
    if report.certificate is not None and report.certificate.collinear:
        groups = "; ".join(few(names, written=code) for names in report.certificate.collinear[:5])
        yield (
            f"Collinear columns ({groups}) have no unique coefficients, since each follows from the others of its "
            "group: the optimum shown has the smallest norm, and another with the same predictions may have been "
            "learnt."
        )


def forecast(foretold: Forecasts) -> Iterator[str]:
    """What descent does on these very rows, where the bounds are for any."""
    kinds = (("scaled", foretold.scaled), ("unscaled", foretold.raw))
    told = [
        f"with the columns {how} at a rate of {figure(one.best_learning_rate)} after "
        f"{count(one.epochs_to_1_percent, 'epoch')}"
        for how, one in kinds
        if one and one.epochs_to_1_percent is not None
    ]
    if told:
        yield (
            "On these training rows, full-batch descent without momentum, from zero weights and at the best constant "
            f"rate, gets to 1 % of the gap to the optimum {', '.join(told)}."
        )


def gap(found: Certificate) -> str:
    return (
        f"Its training loss is {figure(found.loss)}; the exact optimum of a linear neuron, computed directly, has "
        f"{figure(found.optimum_loss)}: a gap of {figure(found.gap)}."
        + (" A linear boundary separates classes: the loss has no finite optimum." if found.separation else "")
    )


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
