"""Rows to learn on, and the lesson's modules run by node on them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.unit.dashboard.node import SOURCE, run

VARIANTS = ("batch", "mini-batch", "stochastic")


def sample(features: int = 1, rows: int = 30, seed: int = 7) -> dict[str, Any]:
    """Columns of different size and place, and a target that they explain in part."""
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(rows, features)) * [2.0, 0.3][:features] + [5.0, -1.0][:features]
    y = x @ np.array([1.5, -4.0])[:features] + 3 + generator.normal(size=rows)
    names = ["first", "second"][:features]
    return {"features": names, "target": "y", "x": x.tolist(), "y": y.tolist(), "leftOut": 0}


def settings(variant: str, rate: float, epochs: int = 6, batch_size: int = 7, seed: int = 3) -> dict[str, Any]:
    return {"variant": variant, "batchSize": batch_size, "rate": rate, "epochs": epochs, "seed": seed}


def division(seed: int = 3, validation: float = 0.2, test: float = 0.2) -> dict[str, Any]:
    return {"seed": seed, "validation": validation, "test": test}


def penguins() -> dict[str, Any]:
    """The built-in table with one feature."""
    script = (
        "const {sampleOf} = await import(given.sample);"
        "return sampleOf(module.PENGUINS, ['flipper_length_mm'], 'body_mass_g');"
    )
    return run("lesson/penguins.ts", script, {"sample": (SOURCE / "lesson/sample.ts").as_uri()})
