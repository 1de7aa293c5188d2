"""What a report says of temperature scaling: one number that makes a network's probabilities say what comes true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated


@dataclass(frozen=True, slots=True)
class TemperatureScaling:
    """A classifier's scores are divided by a temperature before they become probabilities (Guo et al. 2017). It is
    fitted on the validation rows; each of them is judged by one that was fitted on others."""

    temperature: Annotated[float, "what the published model divides its scores by; above 1 it was too sure of itself"]
    is_applied: Annotated[bool, "whether it lowers the log loss of rows that it was not fitted on; else it is 1"]
    rows: Annotated[int, "validation rows that it was fitted on"]
    folds: Annotated[int, "parts of the validation rows; each was judged by the temperature of the others"]
    log_loss_before: Annotated[float, "in nats, counting rows by their weights as training does"]
    log_loss: Annotated[float, "with the temperature"]
    expected_error_before: Annotated[float, "expected calibration error of the probabilities"]
    expected_error: Annotated[float, "with the temperature"]
