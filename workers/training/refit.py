"""A refit: once the validation rows have told for how long to train, they train as well.

The run before it has found the number of epochs (the best by early stopping, else as many as it made) and the learning
rates of each. The refit starts anew with the same seed and makes as many epochs, at the same rates, on training and
validation rows together; nothing is chosen in it, so it needs no rows that are held out. Where a rate follows from the
curvature of the design it is the joined rows' own; a descent whose epochs follow from it goes to their optimum.
"""

from __future__ import annotations

from dataclasses import replace

from service.domain.descent.rates import is_by_curvature
from service.domain.spec.auto import is_bowl
from service.domain.spec.training import Split, TrainingSpec
from workers.training.progress import Progress
from workers.training.schedules import RecordedFactors


def refit_spec(asked: TrainingSpec, settled: TrainingSpec, before: Progress) -> TrainingSpec:
    """What the refit is to do after the run `before`, whose spec was `settled` from the one `asked`."""
    by_curvature = is_by_curvature(asked)
    base = replace(asked, device=settled.device) if by_curvature else settled
    goes_to_optimum = by_curvature and is_bowl(asked) and asked.epochs == "auto" and before.epoch == settled.last_epoch
    return replace(
        base,
        split=Split(0.0, 0.0),
        epochs="auto" if goes_to_optimum and before.best is None else before.chosen_epoch,
        early_stopping=None,
        budget_seconds=None,
        refit="never",
    )


def refit_schedule(settled: TrainingSpec, before: Progress) -> RecordedFactors:
    """The factors of the learning rate in the run before."""
    rate = settled.optimizer.learning_rate
    if rate == "auto":
        raise ValueError("the learning rate is not settled yet")
    return RecordedFactors([ended.learning_rate / rate for ended in before.history])


def expected_seconds(settled: TrainingSpec, before: Progress) -> float:
    """What the refit's epochs will take, by those before."""
    return settled.refit_work * sum(ended.seconds for ended in before.history[: before.chosen_epoch])
