"""Schedules: what the learning rate is multiplied by as epochs go by."""

from __future__ import annotations

from dataclasses import dataclass

from service.domain.vocabulary.words import vocabulary


@dataclass(frozen=True, slots=True)
class Schedule:
    """`is_constant`: the rate stays. `watches_loss`: it follows from the losses of the epochs so far. `rises`: the rate
    comes up again, so that a loss that has stopped falling may fall further."""

    name: str
    summary: str
    is_constant: bool = False
    watches_loss: bool = False
    rises: bool = False


SCHEDULES = vocabulary(
    Schedule("constant", "no change", is_constant=True),
    Schedule("cosine", "half a cosine wave down to 0"),
    Schedule("coslog4", "four cosine waves, each twice as long as the one before, from 0 and to 0", rises=True),
    Schedule("step", "divided by 10 after each third of the epochs"),
    Schedule("plateau", "halved when the loss stops falling", watches_loss=True),
)
