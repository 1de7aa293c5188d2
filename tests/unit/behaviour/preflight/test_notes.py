"""Every note of a resolved spec, produced, with its numbers counted in the rows."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pytest

from service.domain.jobs import comparison
from service.domain.resolving import resolve
from service.domain.spec import auto
from service.domain.vocabulary.efforts import EFFORTS
from tests.unit.behaviour.preflight.looking import Look, Upload, draws, numbers

NETWORK = {"kind": "mlp", "hidden": [8]}
MEMBERS = 4  # of normal effort, where rows are few


@dataclass(frozen=True)
class Said:
    """What a table and a spec are to be told, by its rows."""

    note: Callable[[pd.DataFrame], str]
    frame: Callable[[], pd.DataFrame] = numbers
    choices: dict[str, Any] = field(default_factory=dict)


def gaps_in_the_target() -> pd.DataFrame:
    frame = numbers()
    frame.loc[frame.index % 9 == 0, "y"] = np.nan
    return frame


def words_and_constants() -> pd.DataFrame:
    return numbers().assign(remark=[f"nobody said {row} before" for row in range(400)], same=7, empty=np.nan)


def classes(count: int, rows: int = 400) -> pd.DataFrame:
    frame = numbers(rows)
    return frame.assign(y=[f"class {number}" for number in draws().integers(count, size=rows)])


def rare_code() -> pd.DataFrame:
    """Counts from 0 to 4, of which 4 comes twice."""
    return numbers().assign(y=[row % 4 if row > 1 else 4 for row in range(400)])


def steps(rows: int, size: int) -> int:
    """Of an epoch: a fifth of the rows validates."""
    return math.ceil((rows - round(0.2 * rows)) / size)


def batch(rows: int) -> int:
    """The largest power of two of which an epoch over all rows has 300 steps; 32 for smaller tables, 4,096 at most."""
    return int(min(max(32, 2 ** math.floor(math.log2(max(rows / 300, 1)))), 4096))


SAID = {
    "rows without a value": Said(
        lambda it: f"{it.y.isna().sum()} rows without a value of 'y' are left out", gaps_in_the_target
    ),
    "loss of a number": Said(lambda _: "loss 'mse' for the task 'regression'"),
    "loss of classes": Said(lambda _: "loss 'cross_entropy' for the task 'multiclass'", lambda: classes(3)),
    "target standardised": Said(
        lambda _: "the target is standardised during training, so that one learning rate suits any unit"
    ),
    "engine": Said(lambda _: "engine 'fused': one compiled kernel runs the whole epoch"),
    "engine without dropout": Said(
        lambda _: "engine 'autograd': the fused engine does not support dropout",
        choices={"network": {**NETWORK, "dropout": 0.1}},
    ),
    "text": Said(lambda _: "left out as free text: 'remark'", words_and_constants),
    "constant": Said(lambda _: "left out as constant: 'same', 'empty'", words_and_constants),
    "task of a number": Said(lambda it: f"task 'regression': 'y' is numeric with {it.y.nunique()} values"),
    "task of words": Said(
        lambda it: f"task 'multiclass': 'y' is categorical with {it.y.nunique()} values", lambda: classes(5)
    ),
    "task of codes": Said(
        lambda it: (
            f"task 'multiclass': 'y' has the whole numbers {it.y.min()} to {it.y.max()}, with enough rows of each"
        ),
        lambda: numbers().assign(y=draws().integers(4, size=400)),
    ),
    "task of rare codes": Said(
        lambda it: (
            f"task 'regression': 'y' has the whole numbers {it.y.min()} to {it.y.max()}; "
            f"only {(it.y == 4).sum()} rows of 4: too few for classes"
        ),
        rare_code,
    ),
    "two classes": Said(
        lambda it: f"task 'binary': the target has {it.y.nunique()} classes", lambda: classes(2), {"task": "multiclass"}
    ),
    "several targets": Said(lambda _: "task 'regression': 2 numeric targets at once", choices={"target": ["y", "c"]}),
    "lbfgs": Said(
        lambda _: "optimizer 'lbfgs': a linear neuron's loss has one minimum, and lbfgs reaches it in few steps",
        lambda: classes(2),
    ),
    "batch of lbfgs": Said(lambda _: "batch descent: lbfgs needs all rows in each step", lambda: classes(2)),
    "hidden layers": Said(
        lambda it: f"hidden layers [64, 64] for {len(it)} rows", choices={"network": {"kind": "mlp"}}
    ),
    "bins": Said(
        lambda _: "8 bins for each numeric column: a network learns steps and bends sooner from them",
        choices={"network": {"kind": "mlp"}},
    ),
    "scaling layer": Said(
        lambda _: "a scaling layer: each input has a factor that is learned, so that those of little use fade",
        choices={"network": {"kind": "mlp"}},
    ),
    "members": Said(
        lambda _: f"{MEMBERS} members: the mean of networks that differ by their starts is nearer than each",
        choices={"network": {"kind": "mlp"}},
    ),
    "rate of open layers": Said(
        lambda _: "learning rate 0.003, found by trying on tables of many kinds", choices={"network": {"kind": "mlp"}}
    ),
    "no early stopping of open layers": Said(
        lambda _: (
            "no epoch ends the training early, since 'cosine' brings the rate to rest at its end alone; the weights "
            "with the lowest validation loss are kept"
        ),
        choices={"network": {"kind": "mlp"}},
    ),
    "effort": Said(lambda _: f"effort 'quick': {EFFORTS['quick'].summary}", choices={"effort": "quick"}),
    "refit": Said(lambda _: "refit: the published model is trained anew, on training and validation rows together"),
    "both kinds of network": Said(
        lambda _: (
            "a linear neuron and a network are trained, and the one that is better on the validation rows is kept"
        ),
        choices={"network": {"kind": "auto"}},
    ),
    "adam": Said(
        lambda _: "optimizer 'adam': the curvature of a network changes as it learns; adam adapts to it",
        choices={"network": NETWORK},
    ),
    "sgd": Said(lambda _: "optimizer 'sgd': a linear neuron's curvature is known, and so is a safe learning rate"),
    "constant rate": Said(
        lambda _: (
            "schedule 'constant': full-batch steps have no noise that a falling learning rate would have to reduce"
        )
    ),
    "plateau": Said(
        lambda _: "schedule 'plateau': the learning rate is halved when the validation loss stops falling",
        choices={"network": NETWORK},
    ),
    "cosine": Said(
        lambda it: f"schedule 'cosine' for batches of {batch(len(it))}",
        choices={"network": NETWORK, "early_stopping": None},
    ),
    "nothing to stop by": Said(
        lambda _: "no early stopping: there are no validation rows", choices={"split": {"validation": 0}}
    ),
    "a bowl is not stopped": Said(
        lambda _: "no early stopping: a linear neuron's squared error has one minimum, and descent reaches it"
    ),
    "early stopping": Said(
        lambda _: "early stopping after 20 epochs without a lower validation loss", choices={"network": NETWORK}
    ),
    "no early stopping": Said(
        lambda _: (
            "no epoch ends the training early, since 'coslog4' raises the rate again; the weights with the lowest "
            "validation loss are kept"
        ),
        choices={"network": NETWORK, "schedule": "coslog4"},
    ),
    "batch of a bowl": Said(
        lambda _: "batch descent: a linear neuron's squared error is quadratic, with known curvature"
    ),
    "batch size": Said(lambda it: f"batch size {batch(len(it))} for {len(it)} rows", choices={"network": NETWORK}),
    "batch size of many rows": Said(
        lambda it: f"batch size {batch(len(it))} for {len(it)} rows", lambda: numbers(40_000), {"network": NETWORK}
    ),
    "epochs": Said(lambda it: f"epochs of about {steps(len(it), batch(len(it)))} steps", choices={"network": NETWORK}),
    "epochs of many rows": Said(
        lambda it: f"epochs of about {steps(len(it), batch(len(it)))} steps",
        lambda: numbers(40_000),
        {"network": NETWORK},
    ),
    "mini-batches": Said(
        lambda it: f"mini-batch size {len(it) // 4}: there are only {len(it)} rows",
        lambda: numbers(80),
        {"kind": "descent-comparison"},
    ),
}


APART = "no refit: the validation rows are another dataset's, which stay apart"


@pytest.mark.parametrize("name", SAID)
def test_a_note_says_what_the_rows_say(look: Look, name: str) -> None:
    case = SAID[name]
    frame = case.frame()
    notes = look(frame, **case.choices)["notes"]
    assert [note for note in notes if case.note(frame) in note], notes


def test_rows_of_another_dataset_are_not_learnt_from(look: Look, upload: Upload) -> None:
    other = upload(numbers(80))
    assert APART in look(numbers(), split={"validation_dataset": other})["notes"]


def test_every_note_is_among_these() -> None:
    """By the words around the numbers, as the source has them."""
    said = [APART, *(case.note(case.frame()) for case in SAID.values())]
    for module in (resolve, auto, comparison):
        for written in re.findall(r'notes\.append\(\s*f?"([^"]*)"', inspect.getsource(module)):
            longest = max(re.split(r"\{[^}]*\}", written), key=len).strip()
            assert any(longest in one for one in said), written


def test_the_notes_are_of_the_spec_that_they_stand_beside(look: Look) -> None:
    """Patience, batch size and epochs that are told are those that will be taken."""
    answer = look(numbers(), network=NETWORK)
    spec, notes = answer["spec"], " · ".join(answer["notes"])
    assert f"early stopping after {spec['early_stopping']['patience']} epochs" in notes
    assert f"batch size {spec['batch_size']} for" in notes
    assert f"{spec['epochs']} epochs of about" in notes
    assert f"schedule '{spec['schedule']}'" in notes
    assert f"engine '{spec['engine']}'" in notes
