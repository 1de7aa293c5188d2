"""The learning rate's factor: by hand, and by torch's own schedulers."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
import torch

from tests.unit.workers.training.running import spec_of
from workers.training.progress import EpochEnded
from workers.training.schedules import RateFactors


def factors(epochs: int, schedule: str, warmup: int = 0) -> list[float]:
    made = RateFactors(spec_of(epochs=epochs, schedule=schedule, warmup_epochs=warmup), [])
    return [made.factor(epoch) for epoch in range(1, epochs + 1)]


def ended(epoch: int, train_loss: float, validation_loss: float | None) -> EpochEnded:
    return EpochEnded(epoch, train_loss, validation_loss, 0.1, 0.0)


def test_schedules_by_hand() -> None:
    assert factors(4, "constant") == [1, 1, 1, 1]
    assert factors(4, "cosine") == pytest.approx([1, (1 + math.sqrt(0.5)) / 2, 0.5, (1 - math.sqrt(0.5)) / 2])
    assert factors(6, "step") == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])


def test_coslog4_has_four_waves_each_twice_as_long_as_the_one_before() -> None:
    """Of 15 · 16 epochs: 16, 32, 64 and 128, each from 0 to 1 and back; the integral of a wave is half its length."""
    found, start = np.array(factors(240, "coslog4")), 0
    for length in (16, 32, 64, 128):
        wave = found[start : start + length]
        assert wave[0] < 0.05
        assert wave[-1] < 0.05
        assert wave.max() == pytest.approx(1, abs=0.01)
        rises = np.diff(wave) > 0
        assert np.count_nonzero(np.diff(rises)) == 1  # up, then down
        start += length
    # by the formula, written with another logarithm
    middles = (np.arange(240) + 0.5) / 240
    assert found == pytest.approx(np.sin(np.pi * np.log1p(15 * middles) / np.log(2)) ** 2, abs=1e-12)


def test_a_warm_up_rises_evenly_and_the_schedule_has_the_epochs_after_it() -> None:
    assert factors(7, "cosine", 3) == pytest.approx([0.25, 0.5, 0.75, *factors(4, "cosine")])


@pytest.mark.parametrize("judged", ["validation", "train"])
def test_plateau_is_torchs_own(judged: str) -> None:
    losses = np.abs(np.cumsum(np.random.default_rng(5).normal(-0.02, 0.3, 120))) + 1
    weight = torch.nn.Parameter(torch.zeros(1))
    with warnings.catch_warnings():
        optimizer = torch.optim.SGD([weight], lr=1.0)
        theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=5, threshold=1e-4, eps=0.0)
    ours = RateFactors(spec_of(epochs=120, schedule="plateau"), [])
    seen = []
    for epoch, loss in enumerate(losses.tolist(), 1):
        assert ours.factor(epoch) == optimizer.param_groups[0]["lr"]
        record = ended(epoch, 1.0, loss) if judged == "validation" else ended(epoch, loss, None)
        seen.append(record)
        ours.saw(record)
        theirs.step(loss)
    assert optimizer.param_groups[0]["lr"] < 0.1
    # taken up again from its history it goes on the same
    assert RateFactors(spec_of(epochs=120, schedule="plateau"), seen).factor(120) == optimizer.param_groups[0]["lr"]


@pytest.mark.parametrize("schedule", ["constant", "cosine", "step"])
@pytest.mark.parametrize("warmup", [0, 4])
def test_schedules_are_torchs_own(schedule: str, warmup: int) -> None:
    epochs = 31
    left = epochs - warmup
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=1.0)
    schedulers = torch.optim.lr_scheduler
    after: torch.optim.lr_scheduler.LRScheduler
    if schedule == "cosine":
        after = schedulers.CosineAnnealingLR(optimizer, left)
    elif schedule == "step":  # a tenth after each third, at the first epoch that lies in the next one
        after = schedulers.MultiStepLR(optimizer, [math.ceil(left / 3), math.ceil(2 * left / 3)], 0.1)
    else:
        after = schedulers.ConstantLR(optimizer, 1.0)
    rise = schedulers.LinearLR(optimizer, 1 / (warmup + 1), 1.0, warmup)
    whole = schedulers.SequentialLR(optimizer, [rise, after], [warmup]) if warmup else after
    theirs = []
    for _ in range(epochs):
        theirs.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        with warnings.catch_warnings():  # torch's own, of how SequentialLR steps its schedulers
            warnings.simplefilter("ignore")
            whole.step()
    assert factors(epochs, schedule, warmup) == pytest.approx(theirs, rel=1e-9)
