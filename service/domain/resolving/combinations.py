"""Choices of a spec that exclude each other: each is refused at its place, with how to fix it."""

from __future__ import annotations

from collections.abc import Iterator

from service.domain.spec.engines import not_fused
from service.domain.spec.training import TrainingSpec
from service.domain.vocabulary.losses import LOSSES
from service.domain.vocabulary.optimizers import OPTIMIZERS
from service.domain.vocabulary.schedules import SCHEDULES
from service.domain.vocabulary.tasks import TASKS
from service.domain.vocabulary.words import unless_auto
from service.errors import FieldError, SpecInvalid


def check_combinations(spec: TrainingSpec) -> None:
    """Check the combined choices of a spec whose task and loss are settled. Raises SpecInvalid with all that is
    wrong."""
    errors = [FieldError(pointer, detail) for pointer, detail in _wrong(spec)]
    if errors:
        raise SpecInvalid(errors[0].detail, errors)


def _wrong(spec: TrainingSpec) -> Iterator[tuple[str, str]]:
    if spec.quantile != 0.5 and not LOSSES[spec.loss].takes_quantile:
        yield "/quantile", f'applies only to "loss": "quantile"; the loss is {spec.loss!r}'
    if spec.label_smoothing and TASKS[spec.task].is_regression:
        yield "/label_smoothing", "regression has no classes to smooth; leave label_smoothing 0"
    if spec.clip_predictions and not TASKS[spec.task].is_regression:
        yield "/clip_predictions", "classes get probabilities, which need no clipping; leave clip_predictions false"
    if spec.class_weights is not None and TASKS[spec.task].is_regression:
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
    if spec.compares and not spec.split.validates:
        yield (
            "/network/kind",
            '"auto" compares on validation rows; use "split": {"validation": 0.2}, or choose "linear" or "mlp"',
        )
    if spec.refit == "always" and not spec.split.validation:
        which = "the validation rows are another dataset's" if spec.split.validates else "there are no validation rows"
        yield "/refit", f'{which}: a refit adds those of the training dataset; use "never", or "auto"'
    if spec.members not in ("auto", 1) and spec.network.kind == "linear":
        yield (
            "/members",
            'a linear neuron\'s loss has one minimum, which all members would reach; use "members": 1, or '
            '"network": {"kind": "mlp"}',
        )
    if spec.numeric_bins not in ("auto", 0) and spec.network.kind == "linear":
        yield (
            "/numeric_bins",
            'a linear neuron has one slope for each column, which its coefficients tell; use "numeric_bins": 0, or '
            '"network": {"kind": "mlp"}',
        )
    if spec.scaling_layer is True and spec.network.kind == "linear":
        yield (
            "/scaling_layer",
            'a linear neuron\'s weights are such factors themselves; use "scaling_layer": false, or '
            '"network": {"kind": "mlp"}',
        )
    optimizer = unless_auto(OPTIMIZERS, spec.optimizer.kind)
    if optimizer is not None and optimizer.is_quasi_newton:
        yield from _wrong_with_quasi_newton(spec, f'"{optimizer.name}"')


def _wrong_with_quasi_newton(spec: TrainingSpec, name: str) -> Iterator[tuple[str, str]]:
    """It is made of gradients over all rows of one smooth function, and finds its own step lengths."""
    schedule = unless_auto(SCHEDULES, spec.schedule)
    if spec.batch_size not in ("auto", "full"):
        yield "/batch_size", f'{name} needs all rows in each step; use "full" instead of {spec.batch_size}'
    if spec.optimizer.l1:
        yield (
            "/optimizer/l1",
            f"{name} needs a smooth loss, and l1 has a kink at 0; use l2, or another optimizer",
        )
    if not LOSSES[spec.loss].is_smooth:
        yield (
            "/loss",
            f"{name} needs a smooth loss, and {spec.loss} has a kink; use huber, or another optimizer",
        )
    if spec.network.dropout:
        yield "/network/dropout", f"{name} needs a deterministic loss; set dropout to 0, or use adam"
    if spec.optimizer.clip_norm is not None:
        yield "/optimizer/clip_norm", f"{name} chooses its own step length; leave clip_norm null"
    if schedule is not None and not schedule.is_constant:
        yield "/schedule", f'{name} chooses its own step length; use "constant" instead of {spec.schedule}'
    if spec.members not in ("auto", 1):
        yield "/members", f'{name} searches along one line for all weights; use "members": 1, or adam'
    if spec.scaling_layer is True:
        yield "/scaling_layer", f'{name} knows no learning rates; use "scaling_layer": false, or adam'
    if spec.precision != "float32":
        yield "/precision", f'{name} computes in float64; use "float32" instead of {spec.precision}'
    if spec.warmup_epochs:
        yield "/warmup_epochs", f"{name} chooses its own step length; leave warmup_epochs 0"
