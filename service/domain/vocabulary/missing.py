"""Policies for missing features: what becomes of a gap in a training row."""

from __future__ import annotations

from dataclasses import dataclass

from service.domain.vocabulary.words import vocabulary


@dataclass(frozen=True, slots=True)
class MissingPolicy:
    """`fills`: a value replaces the gap, and an input says where; `by_values`: those that are there must be kept to
    choose it. `drops`: such training rows are left out. `refuses`: such a table is not trained on."""

    name: str
    summary: str
    fills: bool = False
    by_values: bool = False
    drops: bool = False
    refuses: bool = False


MISSING = vocabulary(
    MissingPolicy("mean", "the mean", fills=True),
    MissingPolicy("median", "the median", fills=True, by_values=True),
    MissingPolicy("most_frequent", "the most frequent value", fills=True, by_values=True),
    MissingPolicy("drop", "the row is left out of training", drops=True),
    MissingPolicy("error", "the job fails", refuses=True),
)
