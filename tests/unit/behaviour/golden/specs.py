"""The specs of the recorded runs, by name. Together they use every word that a spec may hold on a CPU: a test holds
them against the document of the API."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Spec = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """A spec and the table that it is trained on; `before` are specs that publish the model's versions before it.
    The runs are short, and none is chaotic: rounding on another processor moved no figure by more than 0.0002 of it."""

    table: str
    spec: Spec
    before: tuple[Spec, ...] = ()


@dataclass(frozen=True)
class Group:
    """What runs have in common: a table, and the part of the spec that each adds to."""

    table: str
    shared: Spec
    runs: dict[str, Spec] = field(default_factory=dict)


def _sgd(rate: float = 0.05, **more: Any) -> Spec:
    return {"optimizer": {"kind": "sgd", "learning_rate": rate, **more}}


def _adam(rate: float = 0.02, **more: Any) -> Spec:
    return {"optimizer": {"kind": "adam", "learning_rate": rate, **more}}


def _mlp(*hidden: int, **more: Any) -> Spec:
    return {"network": {"kind": "mlp", "hidden": list(hidden), **more}}


NUMBERS = {"target": "y", "exclude": ["z", "weight"], "epochs": 6}
STEPS: Spec = {**NUMBERS, "batch_size": 8, "schedule": "constant", "early_stopping": None}
NET: Spec = {"target": "height", "features": ["x", "y"], "epochs": 5, "batch_size": 16, "early_stopping": None}
RING: Spec = {**NET, "target": "ring"}
BINARY: Spec = {"target": "sold", "exclude": ["price", "kind"], "epochs": 5}
PRICE: Spec = {"target": "price", "exclude": ["sold", "kind"], "epochs": 5}
AUTOGRAD: Spec = {"engine": "autograd"}
FUSED: Spec = {"engine": "fused"}

GROUPS = (
    Group("numbers", {"target": "y"}, {
        "auto": {},
        "auto-said": {
            "kind": "train", "task": "auto", "scaler": "standard", "scale_target": "auto", "missing": "mean",
            "loss": "auto", "schedule": "auto", "batch_size": "auto", "epochs": "auto", "early_stopping": "auto",
            "promote": "newest", "refit": "auto", "device": "auto", "engine": "auto", "precision": "float32",
            "network": {"kind": "linear", "activation": "relu"},
            "optimizer": {"kind": "auto", "learning_rate": "auto", "momentum": 0.0},
        },
        "auto-mlp": {"network": {"kind": "mlp"}, "epochs": 12},
        "auto-both": {"network": {"kind": "auto", "activation": "auto"}, "epochs": 12},
        "auto-quick": {
            "network": {"kind": "mlp"}, "effort": "quick", "epochs": 12, "members": "auto",
            "numeric_bins": "auto", "scaling_layer": "auto", "optimizer": {"beta2": "auto"},
        },
        "auto-normal": {"network": {"kind": "mlp", "hidden": [4]}, "effort": "normal", "epochs": 4},
        "auto-best": {"network": {"kind": "mlp"}, "effort": "best", "epochs": 4},
        "auto-several": {"target": ["y", "z"]},
        "auto-huber": {"loss": "huber"},
        "auto-full-momentum": {"optimizer": {"kind": "sgd", "momentum": "auto"}, "batch_size": "full"},
        "auto-momentum-batches": {"optimizer": {"kind": "sgd", "momentum": "auto"}, "batch_size": 16, "epochs": 4},
        "auto-adam": {"optimizer": {"kind": "adam"}, "epochs": 8},
        "auto-weights": {"weight_column": "weight"},
        "no-validation": {"split": {"validation": 0.0}},
        "with-test": {"split": {"validation": 0.25, "test": 0.2}},
        "refit": {"refit": "always", "split": {"validation": 0.25, "test": 0.2}},
        "no-refit": {"refit": "never"},
    }),
    Group("numbers", STEPS, {
        "sgd-fused": {**_sgd(), **FUSED},
        "sgd-autograd": {**_sgd(), **AUTOGRAD},
        "sgd-momentum": _sgd(0.02, momentum=0.9),
        "sgd-nesterov": _sgd(0.02, momentum=0.8, nesterov=True),
        "sgd-nesterov-autograd": {**_sgd(0.02, momentum=0.8, nesterov=True), **AUTOGRAD},
        "sgd-clip": _sgd(0.05, clip_norm=0.3),
        "sgd-clip-autograd": {**_sgd(0.05, clip_norm=0.3), **AUTOGRAD},
        "sgd-stochastic": {**_sgd(0.01), "batch_size": 1, "epochs": 2},
        "sgd-l1": _sgd(l1=0.05),
        "sgd-l2": _sgd(l2=0.1),
        "sgd-l1-l2-autograd": {**_sgd(l1=0.05, l2=0.1), **AUTOGRAD},
        "adam-fused": {**_adam(), **FUSED},
        "adam-autograd": {**_adam(), **AUTOGRAD},
        "adam-l1-l2": _adam(l1=0.01, l2=0.05),
        "adam-betas": _adam(beta1=0.8, beta2=0.95),
        "adamw-fused": {"optimizer": {"kind": "adamw", "learning_rate": 0.02, "l2": 0.1}, **FUSED},
        "adamw-autograd": {"optimizer": {"kind": "adamw", "learning_rate": 0.02, "l2": 0.1}, **AUTOGRAD},
        "rmsprop-fused": {"optimizer": {"kind": "rmsprop", "learning_rate": 0.01}, **FUSED},
        "rmsprop-autograd": {"optimizer": {"kind": "rmsprop", "learning_rate": 0.01}, **AUTOGRAD},
        "no-bias": {**_sgd(), "network": {"kind": "linear", "bias": False}},
        "seeded": {**_sgd(), "seed": 2**53 - 1},
        "weighted": {**_sgd(), "weight_column": "weight", "exclude": ["z"]},
        "several": {**_adam(), "target": ["z", "y"], "exclude": ["weight"]},
        "several-unscaled": {**_sgd(0.001), "target": ["z", "y"], "exclude": ["weight"], "scale_target": False},
        "bf16": {**_sgd(), "precision": "bf16"},
        "on-cpu": {**_sgd(), "device": "cpu", "metadata": {"team": "red", "n": 1}},
    }),
    Group("numbers", {**NUMBERS, "batch_size": "full"}, {
        "bowl": _sgd(0.2),
        "bowl-momentum-l2": _sgd(0.1, momentum=0.7, l2=0.1),
        "bowl-nesterov": _sgd(0.1, momentum=0.7, nesterov=True),
        "bowl-autograd": {**_sgd(0.2), **AUTOGRAD},
        "bowl-no-bias": {**_sgd(0.2), "network": {"bias": False}},
        "bowl-l1": _sgd(0.2, l1=0.1),
        "bowl-warmup": {**_sgd(0.2), "warmup_epochs": 3},
        "bowl-diverges": {**_sgd(1e5), "epochs": 200},
    }),
    Group("numbers", {**STEPS, **_sgd()}, {
        "constant": {"schedule": "constant"},
        "cosine": {"schedule": "cosine"},
        "step": {"schedule": "step"},
        "coslog4": {"schedule": "coslog4", "epochs": 12},
        "plateau": {"schedule": "plateau", "epochs": 16},
        "plateau-no-validation": {"schedule": "plateau", "epochs": 16, "split": {"validation": 0}},
        "warmup-cosine": {"schedule": "cosine", "warmup_epochs": 2},
        "stopped-early": {"early_stopping": {"patience": 2, "min_delta": 0.01}, "epochs": 40},
        "never-promoted": {"promote": "never"},
    }),
    Group("numbers", STEPS, {
        f"{loss}{'-full' if batch == 'full' else ''}-{engine}": {
            **_sgd(), "loss": loss, "engine": engine, "batch_size": batch,
        }
        for loss, batch in (("mse", 8), ("mae", 8), ("mae", "full"), ("huber", 8), ("quantile", 8))
        for engine in ("fused", "autograd")
    }),
    Group("numbers", STEPS, {
        "quantile-high": {**_adam(), "loss": "quantile", "quantile": 0.9},
        "mae-weighted": {**_sgd(), "loss": "mae", "weight_column": "weight", "exclude": ["z"]},
        "huber-l2": {**_sgd(l2=0.1), "loss": "huber"},
        "unscaled-target": {**_sgd(0.001), "scale_target": False},
        "clipped-predictions": {**_sgd(), "clip_predictions": True},
        "minmax": {**_sgd(), "scaler": "minmax"},
        "robust": {**_sgd(), "scaler": "robust"},
        "robust-clip": {**_sgd(), "scaler": "robust_clip"},
        "unscaled": {**_sgd(1e-5), "scaler": "none"},
    }),
    Group("numbers", {**NUMBERS, "optimizer": {"kind": "lbfgs"}, "epochs": 8}, {
        "lbfgs-mse": {},
        "lbfgs-huber-l2": {"loss": "huber", "optimizer": {"kind": "lbfgs", "l2": 0.1}},
        "lbfgs-rate": {"optimizer": {"kind": "lbfgs", "learning_rate": 0.1}},
        "lbfgs-mlp": {**_mlp(3, activation="tanh"), "exclude": ["z", "weight", "noise"], "epochs": 4},
    }),
    Group("rings", {**NET, **_adam()}, {
        **{f"{activation}-fused": {**_mlp(6, activation=activation), **FUSED}
           for activation in ("relu", "leaky_relu", "tanh", "sigmoid", "gelu", "silu", "selu", "mish", "identity")},
        **{f"{activation}-autograd": {**_mlp(4, activation=activation), **AUTOGRAD, "epochs": 3}
           for activation in ("relu", "leaky_relu", "tanh", "sigmoid", "gelu", "silu", "selu", "mish", "identity")},
        "deep": _mlp(8, 7, 6, 5, activation="tanh"),
        "deep-relu": {**_mlp(16, 16, 16), **_adam(0.01)},
        "mlp-sgd-nesterov": {**_mlp(5), **_sgd(0.05, momentum=0.9, nesterov=True)},
        "mlp-rmsprop-l1": {**_mlp(5), "optimizer": {"kind": "rmsprop", "learning_rate": 0.01, "l1": 0.01}},
        "mlp-adamw": {**_mlp(5), "optimizer": {"kind": "adamw", "learning_rate": 0.01, "l2": 0.1}},
        "mlp-clip-l2": {**_mlp(5), **_adam(l2=0.01, clip_norm=0.5)},
        "mlp-no-bias": _mlp(5, bias=False),
        "dropout": _mlp(8, dropout=0.3),
        "mlp-mae-full": {**_mlp(5), "loss": "mae", "batch_size": "full"},
        "mlp-huber": {**_mlp(5), "loss": "huber"},
        "mlp-quantile": {**_mlp(5), "loss": "quantile", "quantile": 0.2},
        "mlp-several": {**_mlp(5), "target": ["height", "y"], "features": ["x", "inside"]},
        "mlp-stopped": {**_mlp(6), "early_stopping": {"patience": 3}, "epochs": 30},
        "mlp-plateau": {**_mlp(4), "schedule": "plateau", "epochs": 14, "early_stopping": {"patience": 30}},
        "members-fused": {**_mlp(6, 5, activation="tanh"), "members": 3, **FUSED},
        "members-autograd": {**_mlp(6, activation="tanh"), "members": 2, **AUTOGRAD},
        "members-clip-sgd": {**_mlp(5, activation="tanh"), **_sgd(0.05, clip_norm=0.3), "members": 2},
        "mlp-bins": {**_mlp(5), "numeric_bins": 4, "scaler": "robust_clip"},
        "mlp-scaling": {**_mlp(5), "scaling_layer": True, **AUTOGRAD},
        "members-scaling": {**_mlp(6, 5, activation="tanh"), "scaling_layer": True, "members": 3, **FUSED},
        "mlp-bf16": {**_mlp(4), "precision": "bf16"},
    }),
    Group("rings", {**RING, **_adam()}, {
        "classes": _mlp(6),
        "classes-no-refit": {**_mlp(6), "refit": "never"},
        "classes-autograd": {**_mlp(6, activation="tanh"), **AUTOGRAD},
        "classes-members": {**_mlp(6, activation="tanh"), "members": 3},
        "classes-dropout": _mlp(6, 4, dropout=0.2),
        "classes-smoothed": {**_mlp(6), "label_smoothing": 0.1},
        "two-classes-smoothed": {"target": "inside", "task": "binary", "label_smoothing": 0.2},
        "classes-balanced": {**_mlp(5), "class_weights": "balanced"},
        "classes-weights": {"class_weights": {"a": 1.0, "b": 2.5, "c": 0.5}},
        "classes-linear": {"split": {"validation": 0.2, "test": 0.2}},
        "classes-lbfgs": {"optimizer": {"kind": "lbfgs"}, "batch_size": "full"},
        "two-classes": {**_mlp(6), "target": "inside", "task": "binary"},
        "two-classes-members": {**_mlp(4, activation="tanh"), "target": "inside", "members": 3},
        "two-classes-both": {"target": "inside", "network": {"kind": "auto", "hidden": [6]}, "epochs": 12},
        "two-classes-both-bins": {"target": "inside", "network": {"kind": "auto", "hidden": [6]}, "epochs": 12,
                                  "numeric_bins": 6},
        "two-classes-autograd": {**_mlp(4), "target": "inside", "task": "auto", **AUTOGRAD},
    }),
    Group("mixed", {}, {
        "auto-mixed": {"target": "price", "exclude": ["sold", "kind"]},
        "auto-sold": {"target": "sold", "exclude": ["price", "kind"]},
        "auto-kind": {"target": "kind", "exclude": ["price", "sold"]},
        "auto-kind-mlp": {"target": "kind", "exclude": ["price", "sold"], "network": {"kind": "mlp"}, "epochs": 8},
        **{f"missing-{missing}": {**PRICE, **_sgd(0.02), "batch_size": 16, "missing": missing}
           for missing in ("mean", "median", "most_frequent", "drop", "error")},
        "missing-median-classes": {**BINARY, **_adam(), "missing": "median", "scaler": "robust"},
        "missing-drop-classes": {**BINARY, **_adam(), "missing": "drop", "scaler": "minmax"},
        "multiclass-asked": {**BINARY, "task": "multiclass", "target": "kind", "exclude": ["price", "sold"]},
        "regression-asked": {**PRICE, "task": "regression", "features": ["n", "when", "flag", "colour"]},
        "mixed-mlp": {**PRICE, **_mlp(8), **_adam()},
        "mixed-mlp-bins": {**PRICE, **_mlp(8), **_adam(), "numeric_bins": 8},
        "mixed-classes-mlp": {**BINARY, **_mlp(8), **_adam(), "split": {"validation": 0.2, "test": 0.1}},
        "latest": {**PRICE, "split": {"validation": 0.2, "test": 0.1, "order_by": "when"}},
        "latest-classes": {**BINARY, "split": {"order_by": "n"}},
    }),
    Group("shops", {"epochs": 5}, {
        "categories-of-few-rows": {"target": "y", "exclude": ["z", "level"]},
        "categories-of-few-rows-mlp": {"target": ["y", "z"], "exclude": ["level"], **_mlp(4), **_adam()},
        "categories-of-few-rows-classes": {"target": "level", "exclude": ["y", "z"], **_adam()},
    }),
    Group("whole", {}, {
        "missing-error": {**PRICE, **_sgd(0.02), "missing": "error"},
        "logistic-lbfgs": {**BINARY, "loss": "cross_entropy", "optimizer": {"kind": "lbfgs", "l2": 0.1}, "epochs": 10},
        "logistic-sgd-l1": {**BINARY, **_sgd(0.05, l1=0.01), "batch_size": 16},
    }),
    Group("grades", {"target": "grade", "features": ["x"], "task": "binary", "epochs": 5}, {
        "grades-balanced": {"class_weights": "balanced", **_sgd(0.1)},
        "grades-weights": {"class_weights": {"3": 1, "9": 3.5}, **_adam()},
        "grades-weight-column": {"weight_column": "w", **_sgd(0.1)},
        "grades-both-weights": {"weight_column": "w", "class_weights": "balanced", **_adam()},
    }),
    Group("few", {"target": "y", "exclude": ["z", "weight"]}, {
        "few-rows": {},
        "few-rows-mlp": {**_mlp(2, activation="tanh"), **_adam(), "epochs": 4},
    }),
    Group("german", {"target": "Miete"}, {"german": {}, "german-mlp": {**_mlp(3), **_adam(), "epochs": 4}}),
    Group("typed", {"target": "price"}, {"typed": {}, "typed-adam": {**_adam(), "epochs": 4, "missing": "median"}}),
    Group("dealt", {"target": "y", "epochs": 2, "batch_size": 64}, {
        "dealt": _sgd(0.02),
        "dealt-autograd": {**_sgd(0.02), **AUTOGRAD, "epochs": 1, "batch_size": 512},
    }),
)  # fmt: skip

BETTER: Spec = {**STEPS, **_sgd()}
PROMOTED = {
    "promoted-if-better": Run("numbers", {**BETTER, "promote": "if_better"}, ({**BETTER, "epochs": 1},)),
    "not-promoted": Run("numbers", {**BETTER, "epochs": 1, "promote": "if_better"}, (BETTER,)),
    "promoted-newest": Run("numbers", {**BETTER, "promote": "newest"}, (BETTER,)),
    "not-promoted-never": Run("numbers", {**BETTER, "promote": "never"}, (BETTER,)),
    "validated-by-others": Run("numbers", {**BETTER, "split": {"validation_dataset": "others", "test": 0.1}}),
}

RUNS: dict[str, Run] = {
    f"{group.table}/{name}": Run(group.table, {**group.shared, **spec})
    for group in GROUPS
    for name, spec in group.runs.items()
} | PROMOTED

COMPARED = {"kind": "descent-comparison", "epochs": 4}
COMPARISONS: dict[str, Run] = {
    "compared/numbers": Run("numbers", {**COMPARED, "target": "y", "exclude": ["z", "weight"]}),
    "compared/classes": Run("rings", {**COMPARED, "target": "ring", "features": ["x", "y"], "learning_rate": 0.1}),
    "compared/mlp": Run("rings", {**COMPARED, "target": "height", "features": ["x", "y"], **_mlp(4), "batch_size": 8}),
    "compared/huber": Run("mixed", {**COMPARED, **{"target": "price", "loss": "huber", "exclude": ["sold", "kind"]}}),
}
"""Comparisons of descents, by name."""

BATCHES = {
    "batch/regression-csv": ("mixed/mixed-mlp", "mixed", "csv"),
    "batch/classes-parquet": ("mixed/auto-kind", "mixed", "parquet"),
    "batch/several-csv": ("numbers/several", "others", "csv"),
}
"""Batch predictions: the run whose model answers, the table, the form."""
