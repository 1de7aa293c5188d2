"""Tables to look at, and what numpy says of them from their rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

ROWS = 400
FEATURES = ["a", "b", "c", "flag"]
Upload = Callable[[pd.DataFrame], str]
Look = Callable[..., dict[str, Any]]


def draws(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def numbers(rows: int = ROWS) -> pd.DataFrame:
    """a and b are alike, c is large, flag is true or false; y is nearly linear in them."""
    draw = draws()
    a = draw.normal(size=rows)
    frame = pd.DataFrame({"a": a, "b": a + 0.5 * draw.normal(size=rows), "c": 1000 + 50 * draw.normal(size=rows)})
    frame["flag"] = draw.random(rows) < 0.3
    frame["y"] = 3 * frame.a - frame.b + 0.02 * frame.c + 2 * frame.flag + draw.normal(size=rows)
    return frame


def warned(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {warning["code"]: warning for warning in answer["warnings"]}


def design(frame: pd.DataFrame, names: list[str], scaled: str = "standard", bias: bool = True) -> np.ndarray:
    X = frame[names].to_numpy(dtype=float)
    if scaled == "standard":
        X = (X - X.mean(axis=0)) / X.std(axis=0)
    elif scaled == "minmax":
        X = (X - X.min(axis=0)) / (X.max(axis=0) - X.min(axis=0))
    elif scaled == "robust":
        low, middle, high = np.percentile(X, [25, 50, 75], axis=0)
        X = (X - middle) / np.where(high > low, high - low, 1)
    return np.hstack([X, np.ones((len(X), 1))]) if bias else X


def eigenvalues(Z: np.ndarray) -> np.ndarray:
    return np.linalg.eigvalsh(2 / len(Z) * Z.T @ Z)
