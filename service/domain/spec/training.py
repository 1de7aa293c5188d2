"""TrainingSpec: every choice that a client has. `service.domain.spec.schema` reads it, with its defaults and limits.

A field may hold `auto`; `service.domain.resolving.resolve` replaces it by what is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from service.domain.plain import plain
from service.domain.vocabulary.optimizers import BETA_1, BETA_2

MODEL_NAME = r"[a-z0-9][a-z0-9._-]{0,99}"


@dataclass(frozen=True, slots=True)
class Split:
    """Rows that the model is judged on and never fitted to: shares of the dataset's, or those of another dataset. They
    are drawn by chance or, with `order_by`, the ones with the greatest values of that column."""

    validation: float = 0.2
    test: float = 0.0
    validation_dataset: str | None = None
    order_by: str | None = None

    @property
    def validates(self) -> bool:
        """Whether there are validation rows."""
        return self.validation > 0 or self.validation_dataset is not None


def split_counts(rows: int, validation: float, test: float) -> tuple[int, int, int]:
    """How many rows train, validate and test; a share above 0 gets at least one row."""
    validating = max(1, round(rows * validation)) if validation else 0
    testing = max(1, round(rows * test)) if test else 0
    return rows - validating - testing, validating, testing


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    kind: Literal["linear", "mlp", "auto"] = "linear"
    hidden: tuple[int, ...] | None = None
    activation: str = "relu"
    bias: bool = True
    dropout: float = 0.0


@dataclass(frozen=True, slots=True)
class OptimizerSpec:
    kind: str = "auto"
    learning_rate: float | Literal["auto"] = "auto"
    momentum: float | Literal["auto"] = 0.0
    nesterov: bool = False
    beta1: float = BETA_1
    beta2: float | Literal["auto"] = BETA_2
    clip_norm: float | None = None
    l1: float = 0.0
    l2: float = 0.0


@dataclass(frozen=True, slots=True)
class EarlyStopping:
    """Stop after `patience` epochs without a validation loss lower by `min_delta`; the best weights are kept."""

    patience: int = 10
    min_delta: float = 0.0


@dataclass(frozen=True, slots=True)
class TrainingSpec:
    """What to train, on what, and how. `spec_schema.read_spec` reads what clients send, `from_json` what is stored."""

    dataset: str
    model: str
    target: str | tuple[str, ...]
    features: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    task: str = "auto"
    split: Split = field(default_factory=Split)
    network: NetworkSpec = field(default_factory=NetworkSpec)
    members: int | Literal["auto"] = 1
    scaler: str = "standard"
    numeric_bins: int | Literal["auto"] = 0
    scaling_layer: bool | Literal["auto"] = False
    scale_target: bool | Literal["auto"] = "auto"
    clip_predictions: bool = False
    missing: str = "mean"
    loss: str = "auto"
    quantile: float = 0.5
    label_smoothing: float = 0.0
    optimizer: OptimizerSpec = field(default_factory=OptimizerSpec)
    schedule: str = "auto"
    warmup_epochs: int = 0
    batch_size: int | Literal["auto", "full"] = "auto"
    epochs: int | Literal["auto"] = "auto"
    early_stopping: EarlyStopping | Literal["auto"] | None = "auto"
    class_weights: Literal["balanced"] | Mapping[str, float] | None = None
    weight_column: str | None = None
    promote: Literal["newest", "if_better", "never"] = "newest"
    refit: Literal["auto", "always", "never"] = "never"
    seed: int = 0
    device: str = "auto"
    engine: str = "auto"
    precision: str = "float32"
    budget_seconds: float | None = None
    effort: str = "normal"
    metadata: Mapping[str, Any] = field(default_factory=dict)
    kind: Literal["train"] = "train"

    @property
    def targets(self) -> tuple[str, ...]:
        """The columns to predict: one, or several numbers at once."""
        return (self.target,) if isinstance(self.target, str) else self.target

    @property
    def compares(self) -> bool:
        """Whether a linear neuron and a network are trained, and the better one is kept."""
        return self.network.kind == "auto"

    @property
    def reading(self) -> tuple[Any, ...]:
        """What may differ in how the two trainings of one job read the same rows."""
        return self.scaler, self.numeric_bins

    @property
    def last_epoch(self) -> int:
        """How many epochs there are at most. Raises ValueError while that is not settled."""
        if self.epochs == "auto":
            raise ValueError("the number of epochs is not resolved yet")
        return self.epochs

    @property
    def n_members(self) -> int:
        """How many networks answer together. Raises ValueError while that is not settled."""
        if self.members == "auto":
            raise ValueError("the number of members is not resolved yet")
        return self.members

    @property
    def n_bins(self) -> int:
        """How many inputs a numeric column gets beside its own, at most. Raises ValueError while that is open."""
        if self.numeric_bins == "auto":
            raise ValueError("the number of bins is not resolved yet")
        return self.numeric_bins

    @property
    def has_scaling_layer(self) -> bool:
        """Whether inputs have factors that are learned. Raises ValueError while that is open."""
        if self.scaling_layer == "auto":
            raise ValueError("whether there is a scaling layer is not resolved yet")
        return self.scaling_layer

    @property
    def stopping(self) -> EarlyStopping | None:
        """Early stopping; None where there is none, or where that is not settled."""
        return self.early_stopping if isinstance(self.early_stopping, EarlyStopping) else None

    @property
    def refits(self) -> bool:
        """Whether the published model is trained once more, on training and validation rows together."""
        return self.refit == "always"

    @property
    def refit_work(self) -> float:
        """What an epoch of the refit takes beside one of the run before it: by their rows; 0 without a refit."""
        if not self.refits:
            return 0.0
        return (1 - self.split.test) / (1 - self.split.test - self.split.validation)

    def step_rows(self, rows: int) -> int:
        """How many of `rows` training rows a step takes: all of them where the batch is full, or not chosen yet."""
        return min(self.batch_size, rows) if isinstance(self.batch_size, int) else rows

    def to_json(self) -> dict[str, Any]:
        """What `read_spec` reads as well."""
        return plain(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TrainingSpec:
        """The spec of its `to_json`, which has been checked; what it lacks is at its default."""
        values = {name: _tuples(value) for name, value in data.items()}
        parts = {"split": Split, "network": NetworkSpec, "optimizer": OptimizerSpec, "early_stopping": EarlyStopping}
        for name, part in parts.items():
            if isinstance(found := values.get(name), Mapping):
                values[name] = part(**{key: _tuples(value) for key, value in found.items()})
        return cls(**values)


def _tuples(value: Any) -> Any:
    """A list as the tuple that it was."""
    return tuple(value) if isinstance(value, list) else value
