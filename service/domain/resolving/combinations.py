"""Choices of a spec that exclude each other: each is refused at its place, with what mends it."""

from __future__ import annotations

from collections.abc import Iterator

from service.domain.spec.engines import not_fused
from service.domain.spec.training import TrainingSpec
from service.errors import FieldError, SpecInvalid


def check_combinations(spec: TrainingSpec) -> None:
    """Check the combined choices of a spec whose task and loss are settled. Raises SpecInvalid with all that is
    wrong."""
    errors = [FieldError(pointer, detail) for pointer, detail in _wrong(spec)]
    if errors:
        raise SpecInvalid(errors[0].detail, errors)


def _wrong(spec: TrainingSpec) -> Iterator[tuple[str, str]]:
    if spec.quantile != 0.5 and spec.loss != "quantile":
        yield "/quantile", f'applies only to "loss": "quantile"; the loss is {spec.loss!r}'
    if spec.class_weights is not None and spec.task == "regression":
        yield "/class_weights", "regression has no classes; weight its rows with weight_column"
    if spec.engine == "fused" and (reason := not_fused(spec)):
        yield "/engine", f'{reason}; use "autograd" or "auto"'
    if spec.precision == "tf32" and spec.device != "gpu":
        yield "/precision", 'tf32 needs a GPU; use "device": "gpu", or "precision": "float32"'
    if spec.promote == "if_better" and not spec.split.validates:
        yield (
            "/promote",
            '"if_better" compares on validation rows; use "split": {"validation": 0.2}, or "never"',
        )
    if spec.optimizer.kind == "lbfgs":
        yield from _wrong_with_lbfgs(spec)


def _wrong_with_lbfgs(spec: TrainingSpec) -> Iterator[tuple[str, str]]:
    """L-BFGS is made of gradients over all rows of one smooth function, and finds its own step lengths."""
    if spec.batch_size not in ("auto", "full"):
        yield "/batch_size", f'"lbfgs" needs all rows in each step; use "full" instead of {spec.batch_size}'
    if spec.optimizer.l1:
        yield "/optimizer/l1", '"lbfgs" needs a smooth loss, and l1 has a kink at 0; use l2, or another optimizer'
    if spec.loss in ("mae", "quantile"):
        yield "/loss", f'"lbfgs" needs a smooth loss, and {spec.loss} has a kink; use huber, or another optimizer'
    if spec.network.dropout:
        yield "/network/dropout", '"lbfgs" needs a deterministic loss; set dropout to 0, or use adam'
    if spec.optimizer.clip_norm is not None:
        yield "/optimizer/clip_norm", '"lbfgs" chooses its own step length; leave clip_norm null'
    if spec.schedule not in ("auto", "constant"):
        yield "/schedule", f'"lbfgs" chooses its own step length; use "constant" instead of {spec.schedule}'
    if spec.precision != "float32":
        yield "/precision", f'"lbfgs" computes in float64; use "float32" instead of {spec.precision}'
    if spec.warmup_epochs:
        yield "/warmup_epochs", '"lbfgs" chooses its own step length; leave warmup_epochs 0'
