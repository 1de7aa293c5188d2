"""What a report says where a linear neuron and a network were trained, and the better one was published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated


@dataclass(frozen=True, slots=True)
class Contestant:
    """One of the two."""

    hidden: Annotated[Sequence[int], "sizes of its hidden layers; none for the linear neuron"]
    epochs: int
    seconds: Annotated[float, "of training"]
    loss: Annotated[float | None, "mean loss on the validation rows, in the target's units; null if either diverged"]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of them was published, and why."""

    kind: Annotated[str, "linear or mlp"]
    sentence: Annotated[str, "the reason, with the figures"]
    linear: Contestant
    mlp: Contestant
