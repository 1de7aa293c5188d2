"""The warnings of a spec: where each points to, and how many of a kind are told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from service.domain.report.warned import Warned
from service.domain.spec.training import TrainingSpec

MOST_OF_A_CODE = 10


def at_feature(asked: TrainingSpec, name: str) -> str:
    """The pointer of a feature: its place in the list that was sent, else the field that would leave it out."""
    return f"/features/{asked.features.index(name)}" if asked.features and name in asked.features else "/exclude"


def shortened(warnings: Iterable[Warned]) -> tuple[Warned, ...]:
    """The first few of each code; the last of those says how many more there are."""
    told = list(warnings)
    counts, seen = Counter(warned.code for warned in told), Counter[str]()
    kept = []
    for warned in told:
        seen[warned.code] += 1
        more = counts[warned.code] - MOST_OF_A_CODE
        if seen[warned.code] == MOST_OF_A_CODE and more > 0:
            warned = replace(warned, detail=f"{warned.detail} (and {more:,} more like this)")
        if seen[warned.code] <= MOST_OF_A_CODE:
            kept.append(warned)
    return tuple(kept)


def of_both(linear: Sequence[Warned], network: Sequence[Warned]) -> Iterator[Warned]:
    """The warnings of two trainings: what holds of both once, what holds of one with its name before it."""
    for called, ours, theirs in (("linear neuron", linear, network), ("network", network, linear)):
        for warned in ours:
            if warned in theirs:
                if ours is linear:
                    yield warned
            elif warned.code != "few_rows_for_network":  # it asks for what is done
                yield replace(warned, detail=f"{called}: {warned.detail}")
