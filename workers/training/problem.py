"""What an engine is given and what it changes: the problem, and the state as flat float32 vectors.

Both engines share these, and a checkpoint is these arrays: whatever ran before, any engine can go on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from service.domain.arrays import Floats32
from service.domain.model.network import Network
from service.domain.spec.engines import lbfgs_pairs
from service.domain.vocabulary.optimizers import BETA_1, BETA_2, OPTIMIZERS
from workers.training.order import Order
from workers.training.stored import Chosen, Stored

SCALES = "scales"
PartInputs = npt.NDArray[np.float32] | Stored | Chosen
PartTargets = npt.NDArray[np.float32] | npt.NDArray[np.int64] | Stored


@dataclass(frozen=True, slots=True)
class Problem:
    """A network, a loss and how its weights move. `l1` and `l2` act on weights, not on biases.

    The training loss is mean(weight · loss) + l1·‖W‖₁ + l2/2·‖W‖²; where the optimiser decouples decay, l2 is that
    instead. A row's loss with several targets is the sum over them, so that the curvature is that of
    one. With `label_smoothing` ε the truth of a row of K classes is 1 - ε + ε/K of its own class and ε/K of each other
    (Szegedy et al. 2016). A gradient of that training loss longer than `clip_norm` is scaled down to it (Pascanu et al.
    2013).

    With a `scaling_layer` (Holzmüller et al. 2024) each input has a factor, from 1, that moves as the weights do, by a
    rate of its own. The first layer's weights are held, penalised and clipped as what they are together with it.
    """

    network: Network
    loss: str
    optimizer: str
    momentum: float = 0.0
    nesterov: bool = False
    beta1: float = BETA_1
    beta2: float = BETA_2
    l1: float = 0.0
    l2: float = 0.0
    dropout: float = 0.0
    seed: int = 0
    clip_norm: float | None = None
    quantile: float = 0.5
    label_smoothing: float = 0.0
    precision: str = "float32"
    scaling_layer: bool = False


@dataclass(frozen=True, slots=True)
class Data:
    """What an engine reads of a part: `inputs` (n, m) float32; `targets` (n, k) float32 numbers, or (n,) int64 classes;
    `weights` (n,) float32 of mean 1, what each row counts, or None where all count the same. Rows that are kept on the
    disk are read by slices."""

    inputs: PartInputs
    targets: PartTargets
    weights: npt.NDArray[np.float32] | Stored | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def is_stored(self) -> bool:
        """Whether the rows are on the disk."""
        return isinstance(self.inputs, Stored)

    def __getitem__(self, rows: slice) -> Data:
        """Some of the rows, in memory."""
        return Data(self.inputs[rows], self.targets[rows], None if self.weights is None else self.weights[rows])


@dataclass(slots=True)
class State:
    """Everything that training changes. `moments` are the optimiser's: float32, each as long as `parameters`; of lbfgs
    float64, the weights themselves and its last steps and changes of the gradient, one after the other. Of a scaling
    layer `SCALES` are the factors (members · inputs,), and `SCALES.` begins the names of their own moments."""

    parameters: Floats32
    moments: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    step: int = 0

    @classmethod
    def start(cls, problem: Problem) -> State:
        parameters = problem.network.start(problem.seed)
        optimizer = OPTIMIZERS[problem.optimizer]
        if optimizer.is_quasi_newton:
            pairs = np.zeros(lbfgs_pairs(len(parameters)) * len(parameters))
            return cls(parameters, {"weights": parameters.astype(np.float64), "steps": pairs, "changes": pairs.copy()})
        moments = {name: np.zeros_like(parameters) for name in optimizer.moments}
        if problem.scaling_layer:
            factors = np.ones(problem.network.members * problem.network.sizes[0], dtype=np.float32)
            moments |= {SCALES: factors} | {f"{SCALES}.{name}": np.zeros_like(factors) for name in optimizer.moments}
        return cls(parameters, moments)


class Enough(Exception):
    """An epoch is to end with the steps that are made."""


class Engine(Protocol):
    """Advances a state through the training rows."""

    def epoch(
        self, state: State, epoch: int, order: Order, batch_size: int, learning_rate: float, check: Callable[[], None]
    ) -> float:
        """Go once through the rows in `order` (all of them, or a piece of an epoch), a step for each batch; the mean
        loss of the batches, by rows.

        `check` is called between batches; what it raises ends the epoch, and `state` is then part of the way. At
        `Enough` an epoch of several batches ends as if it had no more rows.
        """

    def loss(self, state: State, part: str) -> float:
        """The mean loss on a whole part ("train", "validation"), without penalties and by the true classes."""
