"""Where and by which engine a spec is trained, and a sentence on how that goes through the rows."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from service.domain.spec.engines import needs_no_rows
from service.domain.spec.training import TrainingSpec
from service.errors import WorkFailed
from workers.training.engines.autograd import AutogradEngine
from workers.training.engines.fused import FusedEngine
from workers.training.engines.quadratic import QuadraticEngine
from workers.training.problem import Data, Engine, Problem


def choose_device(spec: TrainingSpec) -> str:
    """Where a training goes on: the processor, unless the GPU is asked for. Raises WorkFailed where there is none."""
    if spec.device == "gpu" and not torch.cuda.is_available():
        raise WorkFailed("gpu_unavailable", 'this worker has no GPU; use "device": "auto" or "cpu"')
    return "cpu" if spec.device == "auto" else spec.device


def make_engine(spec: TrainingSpec, problem: Problem, parts: Mapping[str, Data]) -> tuple[Engine, str]:
    """For a settled spec."""
    if needs_no_rows(spec, *parts["train"].inputs.shape):
        why = "full-batch descent on a quadratic loss: two passes over the rows, then each epoch from their Gram matrix"
        return QuadraticEngine(problem, parts), why
    return make_stepping_engine(spec, problem, parts)


def make_stepping_engine(spec: TrainingSpec, problem: Problem, parts: Mapping[str, Data]) -> tuple[Engine, str]:
    """For a settled spec, and for batches of any size: one that makes each step from its rows."""
    if spec.engine == "autograd":
        device = "cuda" if spec.device == "gpu" else "cpu"
        products = "" if spec.precision == "float32" else f", products in {spec.precision}"
        return AutogradEngine(problem, parts, device), f"torch, step by step, on the {spec.device}{products}"
    return FusedEngine(problem, parts), "one compiled kernel for the whole epoch, on one core"
