"""Losses: what training makes small. To add one, see "How to add" in CONTRIBUTING.md."""

from __future__ import annotations

from dataclasses import dataclass

from service.domain.vocabulary.words import vocabulary


@dataclass(frozen=True, slots=True)
class Loss:
    """All are convex in the scores; those without a smooth slope are piecewise linear.

    `called` is its name in a sentence. `metric` is the one that it makes small. `degree`: with a target that is
    divided by s it is s**degree times as large in the target's own units; 0 for classes.
    `curvature` is the most that it bends in one score, `curvature_of_all` the greatest eigenvalue of its Hessian in all
    scores of a row: None with a corner, whose slope jumps.
    """

    name: str
    summary: str
    called: str
    metric: str
    degree: int
    curvature: float | None
    curvature_of_all: float | None
    is_quadratic: bool = False
    is_for_classes: bool = False
    takes_quantile: bool = False

    @property
    def is_smooth(self) -> bool:
        """Whether its slope has no jump."""
        return self.curvature is not None


LOSSES = vocabulary(
    Loss("mse", "mean squared error", "mean squared error", "mse", 2, 2.0, 2.0, is_quadratic=True),
    Loss("mae", "mean absolute error", "mean absolute error", "mae", 1, None, None),
    Loss("huber", "squared up to an error of 1, then linear", "mean Huber loss", "mse", 2, 1.0, 1.0),
    Loss("quantile", "pinball loss", "mean pinball loss", "quantile_loss", 1, None, None, takes_quantile=True),
    Loss("cross_entropy", "for classification", "log loss", "log_loss", 0, 0.25, 0.5, is_for_classes=True),
)
