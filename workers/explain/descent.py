"""What the curvature of a linear neuron's squared error says of a descent, and where it is a guide only."""

from __future__ import annotations

from service.domain.spec import TrainingSpec


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
    reasons = []
    if spec.network.kind != "linear":
        reasons.append("a network's curvature changes as it learns")
    if spec.loss == "cross_entropy":
        reasons.append("cross-entropy curves at most a quarter as much, and less where it is sure")
    elif spec.loss == "huber":
        reasons.append("Huber's loss curves at most half as much, and not at all far from the target")
    elif spec.loss != "mse":
        reasons.append(f"{spec.loss} has no curvature: its steps do not shrink towards the optimum")
    if optimizer.kind == "sgd" and optimizer.momentum:
        reasons.append(
            f"momentum β = {optimizer.momentum:.3g} is stable up to "
            + ("2(1 + β)/((1 + 2β)λmax)" if optimizer.nesterov else "2(1 + β)/λmax")
        )
    elif optimizer.kind in ("adam", "adamw", "rmsprop"):
        reasons.append(f"{optimizer.kind} divides each step by the size of its gradients")
    elif optimizer.kind == "lbfgs":
        reasons.append("lbfgs takes its steps from the curvature that it has seen")
    if isinstance(spec.batch_size, int) and spec.batch_size < rows:
        reasons.append(f"batches of {spec.batch_size} rows see more curvature than all rows do")
    if optimizer.l2 and optimizer.kind != "adamw":
        reasons.append("l2 adds up to its value to each eigenvalue")
    if optimizer.l1:
        reasons.append("l1 pulls with a constant force")
    if optimizer.clip_norm is not None:
        reasons.append("long gradients are clipped")
    if spec.schedule != "constant":
        reasons.append(f"the {spec.schedule} schedule changes the rate")
    return reasons
