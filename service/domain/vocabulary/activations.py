"""Activations: what follows each hidden layer."""

from __future__ import annotations

from dataclasses import dataclass

from service.domain.vocabulary.words import vocabulary


@dataclass(frozen=True, slots=True)
class Activation:
    """`is_linear`: layers with it between them are one layer."""

    name: str
    summary: str
    is_linear: bool = False


ACTIVATIONS = vocabulary(
    Activation("relu", "max(z, 0)"),
    Activation("leaky_relu", "z, or z/100 below 0"),
    Activation("tanh", "tanh z"),
    Activation("sigmoid", "1/(1 + exp(-z))"),
    Activation("gelu", "z·Φ(z), in its tanh form"),
    Activation("silu", "z/(1 + exp(-z))"),
    Activation("selu", "1.0507·z, or 1.7581·(exp(z) - 1) below 0"),
    Activation("mish", "z·tanh(ln(1 + exp(z)))"),
    Activation("identity", "z", is_linear=True),
)
