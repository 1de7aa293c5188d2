"""A checkpoint: the progress of a run as named arrays and a few numbers. From it a run ends in the same bits."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load, save

from workers.training.problem import State
from workers.training.progress import EpochEnded, Progress

BUSY_SHARE = 0.1  # of a run's time that large checkpoints may take
FREE_SECONDS = 0.5  # what takes less does not count
LINEAR, REFIT = "linear.", "refit."  # before the names of the arrays of those runs


def pause_seconds(size_bytes: int, taken_seconds: float, least_seconds: float, bytes_per_second: int) -> float:
    """How long to train on before the next checkpoint, by the size of the last and the time that it took."""
    for_time = taken_seconds / BUSY_SHARE if taken_seconds > FREE_SECONDS else 0.0
    return max(least_seconds, size_bytes / bytes_per_second, for_time)


def dump(progress: Progress, owner: str = "") -> bytes:
    """The progress at the end of an epoch.

    `owner` names the attempt that saves it: two never have the same bytes then, so that whoever has written it may
    delete it without asking who else names that blob.
    """
    return save(_arrays(progress, {"owner": owner}))


def read(data: bytes) -> Progress:
    """The inverse of `dump`."""
    return _progress(load(data))


def _arrays(progress: Progress, more: dict[str, Any]) -> dict[str, npt.NDArray[Any]]:
    arrays = {f"moments.{name}": vector for name, vector in progress.state.moments.items()}
    arrays["parameters"] = progress.state.parameters
    if progress.best is not None:
        arrays["best"] = progress.best
    numbers = {
        **more,
        "step": progress.state.step,
        "best_loss": None if math.isinf(progress.best_loss) else progress.best_loss,
        "best_epoch": progress.best_epoch,
        "spent": progress.spent,
        "failed": progress.failed,
        "history": [asdict(ended) for ended in progress.history],
    }
    # as bytes, not as safetensors metadata: that is read only from files
    arrays["numbers"] = np.frombuffer(json.dumps(numbers).encode(), dtype=np.uint8)
    for prefix, run in ((LINEAR, progress.linear), (REFIT, progress.refit)):
        if run is not None:
            arrays |= {prefix + name: array for name, array in _arrays(run, {}).items()}
    return arrays


def _progress(arrays: dict[str, npt.NDArray[Any]]) -> Progress:
    numbers = json.loads(arrays["numbers"].tobytes())
    history = [_ended(**ended) for ended in numbers["history"]]
    linear, refit = _under(LINEAR, arrays), _under(REFIT, arrays)
    return Progress(
        state=State(arrays["parameters"], _under("moments.", arrays), numbers["step"]),
        history=history,
        best=arrays.get("best"),
        best_loss=math.inf if numbers["best_loss"] is None else numbers["best_loss"],
        best_epoch=numbers["best_epoch"],
        spent=numbers.get("spent", sum(ended.seconds for ended in history)),
        refit=_progress(refit) if refit else None,
        linear=_progress(linear) if linear else None,
        failed=numbers.get("failed"),
    )


def _under(prefix: str, arrays: dict[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _ended(weights: list[float] | None = None, **ended: Any) -> EpochEnded:
    return EpochEnded(**ended, weights=None if weights is None else tuple(weights))
