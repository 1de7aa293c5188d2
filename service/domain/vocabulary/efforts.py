"""Efforts: how much time a training may take for a better model. What each means for an `auto` is said here alone."""

from __future__ import annotations

from dataclasses import dataclass

from service.domain.vocabulary.words import vocabulary


@dataclass(frozen=True, slots=True)
class TrainingEffort:
    """What a choice that is left open becomes: `steps` are those that `"epochs": "auto"` allows, in at most
    `most_epochs`; a network has `layers` hidden layers from `narrowest` to `widest`, of an `activation`, and its rate
    falls by a `schedule`. Where that watches the loss, early stopping waits for `patience` epochs: in 20 a rate that is
    halved where the loss no longer falls is halved three times."""

    name: str
    summary: str
    steps: int
    most_epochs: int
    patience: int
    schedule: str
    layers: int
    narrowest: int
    widest: int
    activation: str = "relu"


NORMAL = "normal"

EFFORTS = vocabulary(
    TrainingEffort(
        "quick",
        "a quarter of the steps of normal, by a schedule of fixed length",
        steps=5_000,
        most_epochs=100,
        patience=10,
        schedule="cosine",
        layers=1,
        narrowest=16,
        widest=128,
    ),
    TrainingEffort(
        NORMAL,
        "a small network, until the validation loss stops falling",
        steps=20_000,
        most_epochs=500,
        patience=20,
        schedule="plateau",
        layers=1,
        narrowest=16,
        widest=128,
    ),
    TrainingEffort(
        "best",
        "two hidden layers, up to four times the steps of normal, and twice its patience",
        steps=80_000,
        most_epochs=2_000,
        patience=40,
        schedule="plateau",
        layers=2,
        narrowest=64,
        widest=256,
    ),
)
