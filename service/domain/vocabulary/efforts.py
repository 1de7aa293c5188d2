"""Efforts: how much time a training may take for a better model. What each means for an `auto` is said here alone."""

from __future__ import annotations

from dataclasses import dataclass

from service.domain.vocabulary.optimizers import BETA_2
from service.domain.vocabulary.words import vocabulary


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network is trained where that is left open: steps over at least `batch_rows`, in `epochs` at most, by a
    `schedule`. Early stopping waits for `patience` epochs (in 20 a rate that is halved where the loss no longer falls
    is halved three times); None: to the last one. `members` networks answer together, as long as they go over at most
    `most_rows` rows in an epoch. Numbers have `numeric_bins`, or `fine_bins` where many rows can fill them. Without a
    `learning_rate` the optimizer has one of its own."""

    epochs: int
    schedule: str
    patience: int | None
    batch_rows: int = 32
    members: int = 1
    most_rows: int = 0
    activation: str = "relu"
    numeric_bins: int = 0
    fine_bins: int = 0
    scaling_layer: bool = False
    learning_rate: float | None = None
    beta2: float = BETA_2


@dataclass(frozen=True, slots=True)
class TrainingEffort:
    """What a choice that is left open becomes: `steps` are those that `"epochs": "auto"` allows. A network whose layers
    are left open gets `hidden`, or `wide` ones where many rows can fill them, and the recipe `of_open`, which was
    chosen by real tables; one whose layers are given is trained as it would be in a course, by `of_given`."""

    name: str
    summary: str
    steps: int
    hidden: tuple[int, ...]
    wide: tuple[int, ...]
    of_open: Recipe
    of_given: Recipe


NORMAL = "normal"


def _for_tables(epochs: int, members: int, most_rows: int, fine_bins: int = 8) -> Recipe:
    """What is better on real tables than `of_given`; what each part gains is told in CONTRIBUTING."""
    return Recipe(
        epochs,
        "cosine",
        patience=None,
        batch_rows=128,
        members=members,
        most_rows=most_rows,
        activation="mish",
        numeric_bins=8,
        fine_bins=fine_bins,
        scaling_layer=True,
        learning_rate=0.003,
        beta2=0.95,
    )


EFFORTS = vocabulary(
    TrainingEffort(
        "quick",
        "two networks by a schedule of 32 epochs",
        steps=5_000,
        hidden=(64, 64),
        wide=(64, 64),
        of_open=_for_tables(epochs=32, members=2, most_rows=40_000),
        of_given=Recipe(100, "cosine", patience=10),
    ),
    TrainingEffort(
        NORMAL,
        "up to four networks by a schedule of 128 epochs; one whose layers are given until the validation loss stops "
        "falling",
        steps=20_000,
        hidden=(64, 64),
        wide=(128, 128),
        of_open=_for_tables(epochs=128, members=4, most_rows=160_000),
        of_given=Recipe(500, "plateau", patience=20),
    ),
    TrainingEffort(
        "best",
        "up to 16 networks by a schedule of 256 epochs, up to four times the steps of normal; from 1,000 rows on "
        "twice as many bins",
        steps=80_000,
        hidden=(64, 64),
        wide=(256, 256),
        of_open=_for_tables(epochs=256, members=16, most_rows=640_000, fine_bins=16),
        of_given=Recipe(2_000, "plateau", patience=40),
    ),
)
