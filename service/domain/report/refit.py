"""What a report says of a model that was trained once more, on the rows that had judged it as well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated


@dataclass(frozen=True, slots=True)
class Refit:
    """How the published model was trained on training and validation rows together; all else in the report that tells
    how good it is, is of the model before, which had not seen the validation rows."""

    rows: Annotated[int, "training and validation rows together"]
    epochs: Annotated[int, "as many as were best on the validation rows before"]
    train_loss: Annotated[float | None, "in its last epoch, in the units of the history"]
    seconds: Annotated[float, "its epochs took"]
    metric: Annotated[str, "the main metric of the model before on the validation rows, which `if_better` goes by"]
    value: float | None
    sentence: Annotated[str, "the same in words"]


@dataclass(frozen=True, slots=True)
class TrainedRows:
    """How many rows trained what."""

    judged: Annotated[int, "the model that the metrics are of"]
    published: Annotated[int, "the model that was published: more than `judged` after a refit"]
