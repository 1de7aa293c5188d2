"""A warning: something about a spec and its table, or a model, that a good teacher would mention."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from service.domain.described import As


@dataclass(frozen=True, slots=True)
class Warned:
    """`code` is stable, to branch on."""

    code: Annotated[str, As(example="learning_rate_unstable"), "stable; branch on this"]
    detail: Annotated[str, "the problem, and how to fix it"]
    pointer: Annotated[str | None, As(omits_none=True), "JSON pointer to the spec field to change"] = None
