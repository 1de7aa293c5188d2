"""A checkpoint: the progress of a run as named arrays and a few numbers. From it a run ends in the same bits."""

from __future__ import annotations

import json
import math
from dataclasses import asdict

import numpy as np
from safetensors.numpy import load, save

from workers.training.loop import EpochEnded, Progress
from workers.training.problem import State


def dump(progress: Progress) -> bytes:
    """The progress at the end of an epoch."""
    arrays = {f"moments.{name}": vector for name, vector in progress.state.moments.items()}
    arrays["parameters"] = progress.state.parameters
    if progress.best is not None:
        arrays["best"] = progress.best
    numbers = {
        "step": progress.state.step,
        "best_loss": None if math.isinf(progress.best_loss) else progress.best_loss,
        "best_epoch": progress.best_epoch,
        "history": [asdict(ended) for ended in progress.history],
    }
    # as bytes, not as safetensors metadata: that is read only from files
    arrays["numbers"] = np.frombuffer(json.dumps(numbers).encode(), dtype=np.uint8)
    return save(arrays)


def read(data: bytes) -> Progress:
    """The inverse of `dump`."""
    arrays = load(data)
    numbers = json.loads(arrays["numbers"].tobytes())
    prefix = "moments."
    moments = {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
    return Progress(
        state=State(arrays["parameters"], moments, numbers["step"]),
        history=[EpochEnded(**ended) for ended in numbers["history"]],
        best=arrays.get("best"),
        best_loss=math.inf if numbers["best_loss"] is None else numbers["best_loss"],
        best_epoch=numbers["best_epoch"],
    )
