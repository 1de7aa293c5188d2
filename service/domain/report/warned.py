"""A warning: something about a spec and its table, or a model, that a good teacher would say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from service.domain.described import As


@dataclass(frozen=True, slots=True)
class Warned:
    """`code` is stable: decide by it."""

    code: Annotated[str, As(example="learning_rate_unstable"), "stable: decide by it"]
    detail: Annotated[str, "what is the matter, and what mends it"]
    pointer: Annotated[str | None, As(omits_none=True), "JSON pointer of the field of the spec that mends it"] = None
