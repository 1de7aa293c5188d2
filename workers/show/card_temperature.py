"""What the card says of a temperature."""

from __future__ import annotations

from service.domain.report.temperature import TemperatureScaling


def temperature(found: TemperatureScaling) -> str:
    """A sentence on it."""
    rows = f"{found.rows:,} validation rows, each judged by a temperature fitted on the others"
    figures = (
        f"log loss {found.log_loss_before:.4f} without and {found.log_loss:.4f} with it, expected calibration error "
        f"{found.expected_error_before:.4f} and {found.expected_error:.4f} ({rows})"
    )
    if not found.is_applied:
        return f"A temperature would not help: {figures}."
    return f"Scores are divided by a temperature of {found.temperature:.3f}: {figures}."
