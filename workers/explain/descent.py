"""What the curvature of a linear neuron's squared error says of a descent, and where it is a guide only."""

from __future__ import annotations

from service.domain.descent.rates import doubts, penalty_of
from service.domain.spec.training import TrainingSpec
from service.domain.vocabulary.optimizers import OPTIMIZERS


def descent_note(spec: TrainingSpec, rows: int) -> str | None:
    """Why the bounds are a guide only; None where they hold: full-batch descent on the squared error of a linear
    neuron."""
    reasons = guides(spec, rows)
    if not reasons:
        return None
    return (
        "the bounds are exact for full-batch descent on a linear neuron's squared error; here they are a guide only: "
        + "; ".join(reasons)
    )


def guides(spec: TrainingSpec, rows: int) -> list[str]:
    """What of a settled spec takes the bounds their exactness."""
    optimizer = spec.optimizer
    reasons = [*doubts(spec, rows)]
    if OPTIMIZERS[optimizer.kind].takes_momentum and optimizer.momentum:
        reasons.append(
            f"momentum β = {optimizer.momentum:.3g} is stable up to "
            + ("2(1 + β)/((1 + 2β)λmax)" if optimizer.nesterov else "2(1 + β)/λmax")
        )
    if penalty_of(spec):
        reasons.append("l2 adds up to its value to each eigenvalue")
    if optimizer.l1:
        reasons.append("l1 pulls with a constant force")
    return reasons
