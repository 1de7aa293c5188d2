"""Optimizers: how the weights move. To add one, see "How to add" in CONTRIBUTING.md."""

from __future__ import annotations

from dataclasses import dataclass

from service.domain.vocabulary.words import vocabulary

BY_WIDTH = ((1, 0.01), (256, 0.003), (float("inf"), 0.001))


@dataclass(frozen=True, slots=True)
class Optimizer:
    """`moments` are the vectors that it keeps beside the weights, by their names in checkpoints.

    `is_gradient_descent`: its steps are the gradient times the rate, so that the curvature bounds the rate, and a rate
    beyond the bound makes the loss grow. `takes_momentum`: and Nesterov's.
    `is_quasi_newton`: over all rows, of one smooth function, in float64; it finds the length of its steps itself, and
    its moments are pairs of past steps.
    `takes_betas`: it keeps running averages of the gradient and its square, with the decay rates β₁ and β₂.
    `decouples_decay`: l2 shrinks the weights themselves and is no part of the loss (Loshchilov & Hutter 2019).
    `rates` are what `"learning_rate": "auto"` takes, each up to a width of the widest hidden layer (1: a linear
    neuron); empty where the curvature or a line search tells.
    `is_fused`: whether the fused engine has it; autograd has all.
    """

    name: str
    summary: str
    moments: tuple[str, ...]
    is_gradient_descent: bool = False
    takes_momentum: bool = False
    is_quasi_newton: bool = False
    takes_betas: bool = False
    decouples_decay: bool = False
    rates: tuple[tuple[float, float], ...] = ()
    is_fused: bool = True


BETA_1, BETA_2 = 0.9, 0.999  # unless a spec says otherwise (Kingma & Ba 2015); torch's defaults
FIRST, SECOND = "first_moment", "second_moment"

OPTIMIZERS = vocabulary(
    Optimizer(
        "sgd",
        "stochastic gradient descent, with momentum if set",
        moments=("momentum",),
        is_gradient_descent=True,
        takes_momentum=True,
    ),
    Optimizer("adam", "adaptive moment estimation", (FIRST, SECOND), takes_betas=True, rates=BY_WIDTH),
    Optimizer(
        "adamw",
        "Adam with decoupled weight decay",
        (FIRST, SECOND),
        takes_betas=True,
        decouples_decay=True,
        rates=BY_WIDTH,
    ),
    Optimizer("rmsprop", "gradients divided by their running root mean square", (SECOND,), rates=BY_WIDTH),
    Optimizer(
        "lbfgs",
        "limited-memory BFGS over all rows; needs a smooth loss",
        moments=("weights", "steps", "changes"),
        is_quasi_newton=True,
        is_fused=False,
    ),
)
