"""What the body of a job asks of the job itself, beside its spec: when it goes, and whether it has to run at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.domain.spec.fields import JsonBoolean, JsonInteger
from service.domain.spec.parts import SpecPart, between

MOST_PRIORITY = 100


class AsksOfJob(SpecPart):
    """A body that asks when a job goes."""

    beside = frozenset({"priority"})
    priority = JsonInteger(
        validate=between(-MOST_PRIORITY, MOST_PRIORITY),
        metadata={
            "description": "asked of the job, and no part of its kept spec: among your own jobs that wait, those with "
            "a higher priority go first; 0 if it is left out"
        },
    )


class AsksOfTraining(AsksOfJob):
    """A body that also asks whether a job may be answered with one that has been."""

    beside = frozenset({"priority", "reuse"})
    reuse = JsonBoolean(
        metadata={
            "description": "asked of the job, and no part of its kept spec: true: if a training of the same bytes, by "
            "the same spec (seed, model and metadata included) and version of Adaline has succeeded and its version is "
            "there, answer 200 with that job, and if one is on its way, 202 with that one; train only otherwise"
        },
    )


@dataclass(frozen=True, slots=True)
class Beside:
    """What is asked of a job."""

    priority: int = 0
    reuse: bool = False

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Beside:
        """Of a body whose spec has been read, and these fields with it."""
        return cls(body.get("priority", 0), body.get("reuse", False))
