"""Curves of many points: what is left of them, and what is not lost."""

from __future__ import annotations

import random

from tests.unit.dashboard.node import run

THIN = "ui/plot/thin.ts"


def test_every_point_that_is_left_was_given_and_no_peak_is_lost() -> None:
    chance = random.Random(3)
    x = list(range(1, 100_001))
    train = [1 / (1 + at) + 0.01 * chance.random() for at in range(100_000)]
    valid: list[float | None] = [value * 1.1 for value in train]
    train[71_234] = 9.0
    valid[5_000] = -3.0
    left = run(THIN, "return module.thin(given, 500);", {"x": x, "curves": [train, valid]})
    assert len(left["x"]) <= 5 * 500
    assert left["x"][0] == 1
    assert left["x"][-1] == 100_000
    assert left["x"] == sorted(set(left["x"]))
    for at, one, other in zip(left["x"], *left["curves"], strict=True):
        assert (one, other) == (train[at - 1], valid[at - 1])
    assert 71_235 in left["x"]
    assert 5_001 in left["x"]
    # the highest and the lowest of each stretch are there
    width = 99_999 / 500
    for bucket in range(0, 500, 50):
        inside = [at for at in x if int((at - 1) / width) == bucket]
        kept = [at for at in left["x"] if int((at - 1) / width) == bucket]
        assert max(train[at - 1] for at in kept) == max(train[at - 1] for at in inside)
        assert min(train[at - 1] for at in kept) == min(train[at - 1] for at in inside)


def test_points_that_come_one_by_one_are_never_more_than_asked_and_keep_the_peaks() -> None:
    script = """
      const growing = new module.Growing(2, 1000);
      let most = 0;
      for (let at = 1; at <= 50000; at += 1) {
        growing.add(at, [at === 20000 ? 100 : 1 / at, at % 2 ? null : 2]);
        most = Math.max(most, growing.length);
      }
      return { most, points: growing.points };
    """
    found = run(THIN, script)
    assert found["most"] <= 1001
    assert 20_000 in found["points"]["x"]
    assert found["points"]["x"][0] == 1
    assert found["points"]["x"][-1] == 50_000


def test_a_run_that_goes_back_takes_what_was_after_it_away() -> None:
    script = """
      const growing = new module.Growing(1);
      for (const at of [1, 2, 3, 4, 5]) growing.add(at, [at]);
      growing.add(3, [30]);
      growing.add(4, [Infinity]);
      return growing.points;
    """
    assert run(THIN, script) == {"x": [1, 2, 3, 4], "curves": [[1, 2, 30, None]]}


def test_curves_over_other_points_are_aligned_without_gaps_where_they_have_none() -> None:
    script = """
      const curves = [{ name: "a", x: [1, 3], y: [10, null] }, { name: "b", x: [2, 3], y: [5, -1] }];
      const [x, one, other] = module.align(curves, given);
      const word = (value) => (value === undefined ? "none" : value);
      return [x, one.map(word), other.map(word)];
    """
    assert run("ui/plot/curves.ts", script, False) == [[1, 2, 3], [10, "none", None], ["none", 5, -1]]
    assert run("ui/plot/curves.ts", script, True) == [[1, 2, 3], [10, "none", None], ["none", 5, None]]


def test_a_logarithmic_axis_has_a_few_round_marks_within_its_span() -> None:
    script = "return given.map(([low, high]) => module.logTicks(low, high));"
    spans = [[0.5, 0.6], [0.03, 2.0], [1e-9, 1e6], [3.0, 3.0000001], [9.5, 101.0]]
    for (low, high), ticks in zip(spans, run("ui/plot/axes.ts", script, spans), strict=True):
        assert 2 <= len(ticks) <= 12
        assert all(low * 0.999999 <= tick <= high * 1.000001 for tick in ticks)
        assert ticks == sorted(set(ticks))
