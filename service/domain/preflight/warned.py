"""A warning: something about a spec and its table that a good teacher would say before anyone trains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from service.domain.spec import TrainingSpec


@dataclass(frozen=True, slots=True)
class Warned:
    """`code` is stable: decide by it. `pointer` is the JSON pointer of the field that mends it, where one does."""

    code: str
    detail: str
    pointer: str | None = None

    def to_json(self) -> dict[str, Any]:
        told = {"code": self.code, "detail": self.detail}
        return told if self.pointer is None else {**told, "pointer": self.pointer}


def at_feature(asked: TrainingSpec, name: str) -> str:
    """The pointer of a feature: its place in the list that was sent, else the field that would leave it out."""
    return f"/features/{asked.features.index(name)}" if asked.features and name in asked.features else "/exclude"
