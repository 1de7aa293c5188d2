"""The engine of a job, as its spec says, and a sentence on how it goes through the rows."""

from __future__ import annotations

from collections.abc import Mapping

from service.domain.spec.engines import needs_no_rows
from service.domain.spec.training import TrainingSpec
from workers.training.engines.autograd import AutogradEngine
from workers.training.engines.fused import FusedEngine
from workers.training.engines.quadratic import QuadraticEngine
from workers.training.problem import Data, Engine, Problem


def make_engine(spec: TrainingSpec, problem: Problem, parts: Mapping[str, Data]) -> tuple[Engine, str]:
    """For a settled spec."""
    if spec.engine == "autograd":
        device = "cuda" if spec.device == "gpu" else "cpu"
        products = "" if spec.precision == "float32" else f", products in {spec.precision}"
        return AutogradEngine(problem, parts, device), f"torch, step by step, on the {spec.device}{products}"
    rows, inputs = parts["train"].inputs.shape
    if needs_no_rows(spec, rows, inputs):
        why = "full-batch descent on a quadratic loss: two passes over the rows, then epochs from their Gram matrix"
        return QuadraticEngine(problem, parts), why
    return FusedEngine(problem, parts), "one compiled kernel runs the whole epoch on one core"
