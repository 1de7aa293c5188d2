"""The parts of a datetime as nodes of a graph: what `service.domain.model.encoder.datetime_parts` computes."""

from __future__ import annotations

import math

from service.domain.model.encoder import CIRCLE_DECIMALS, SECONDS_PER_DAY
from workers.export.graph import Graph

DAYS_OF_ERA = 146_097.0  # 400 years of the Gregorian calendar
TO_MARCH_0000 = 719_468.0  # days from 0000-03-01 to 1970-01-01


def datetime_parts(graph: Graph, seconds: str) -> list[str]:
    """Seven values (rows, n) float64 of seconds since 1970, in the order of `DATETIME_PARTS`."""
    arithmetic = _Arithmetic(graph)
    days = arithmetic.times(seconds, SECONDS_PER_DAY)
    weekday = arithmetic.rest(arithmetic.plus(days, 3.0), 7.0)
    hour = graph.node("Div", arithmetic.less(seconds, days, SECONDS_PER_DAY), arithmetic.number(3600.0))
    parts = [graph.node("Div", seconds, arithmetic.number(SECONDS_PER_DAY))]
    for part, period in ((_month(arithmetic, days), 12.0), (weekday, 7.0), (hour, 24.0)):
        around = graph.node("Mul", part, arithmetic.number(2 * math.pi))
        turn = graph.node("Div", around, arithmetic.number(period))
        parts += [arithmetic.rounded(graph.node(wave, turn)) for wave in ("Sin", "Cos")]
    return parts


def _month(arithmetic: _Arithmetic, days: str) -> str:
    """0 for January to 11, by eras of 400 years that begin with March (Hinnant, "chrono-Compatible Low-Level Date
    Algorithms", civil_from_days)."""
    times, less, add = arithmetic.times, arithmetic.less, arithmetic.add
    day = arithmetic.rest(arithmetic.plus(days, TO_MARCH_0000), DAYS_OF_ERA)
    leap_days = add(less(times(day, 1460.0), times(day, 36_524.0), 1.0), times(day, DAYS_OF_ERA - 1))
    year = times(less(day, leap_days, 1.0), 365.0)
    before = add(less(times(year, 4.0), times(year, 100.0), 1.0), arithmetic.scaled(year, 365.0))
    day_of_year = less(day, before, 1.0)
    since_march = times(arithmetic.plus(arithmetic.scaled(day_of_year, 5.0), 2.0), 153.0)
    return arithmetic.rest(arithmetic.plus(since_march, 2.0), 12.0)


class _Arithmetic:
    """With numbers; whole ones are exact in float64."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def number(self, value: float) -> str:
        return self._graph.constant([value])

    def rounded(self, value: str) -> str:
        moved = self._graph.node("Round", self.scaled(value, 10.0**CIRCLE_DECIMALS))
        return self._graph.node("Div", moved, self.number(10.0**CIRCLE_DECIMALS))

    def add(self, value: str, other: str) -> str:
        return self._graph.node("Add", value, other)

    def plus(self, value: str, number: float) -> str:
        return self.add(value, self.number(number))

    def scaled(self, value: str, by: float) -> str:
        return self._graph.node("Mul", value, self.number(by))

    def less(self, value: str, other: str, by: float) -> str:
        """value - by * other"""
        return self._graph.node("Sub", value, other if by == 1 else self.scaled(other, by))

    def times(self, value: str, by: float) -> str:
        """How often `by` goes into it, rounded down."""
        return self._graph.node("Floor", self._graph.node("Div", value, self.number(by)))

    def rest(self, value: str, by: float) -> str:
        """What is left of it."""
        return self.less(value, self.times(value, by), by)
