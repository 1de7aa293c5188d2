"""An exhibit: something to look at that is made from the report of a version, and where the model card shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from service.domain.report.report import Report


class Section(StrEnum):
    """The parts of the model card that show pictures, by their headings."""

    QUALITY = "Quality"
    RELIANCE = "Features"
    CERTAINTY = "Uncertainty"
    TRAINING = "Training"


@dataclass(frozen=True, slots=True)
class Exhibit:
    """`file` is its name among the version's files, `place` where it comes among the others. `draw` gives its text, or
    None where the report has nothing of it; of several targets there is one `of_each`, or one for all."""

    file: str
    caption: str
    section: Section
    place: int
    draw: Callable[[Report], str | None]
    of_each: bool = True

    def named(self, number: int) -> str:
        """The name of a target's file: `residuals-2.svg`; of the only target `residuals.svg`, with number 0."""
        return self.file.replace(".", f"-{number}.") if number and self.of_each else self.file
