"""The pictures of a comparison: lines and dots stand where the result's numbers put them."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from service.wiring import Deps
from tests import descents
from tests.unit.workers.comparison.running import add_table, compared, result_of
from workers.show.descents import LOOKS, pictures

SVG = "{http://www.w3.org/2000/svg}"


def elements(picture: str, tag: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(picture).iter(f"{SVG}{tag}"))


def expected(result: dict[str, Any], along: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """Of each descent the logarithms of places and of shares of the gap that was left."""
    curves = []
    for one in result["descents"]:
        gap = result["baseline_loss"] - one["least_loss"]
        points = [(point[along], (point["loss"] - one["least_loss"]) / gap) for point in one["curve"] if point[along]]
        places, shares = np.array(points).T
        curves.append((np.log(places), np.log(shares)))
    return curves


@pytest.mark.parametrize(("name", "along"), [("rows", "rows_touched"), ("steps", "steps")])
def test_lines_are_the_curves(deps: Deps, name: str, along: str) -> None:
    X, y = descents.table(1, 120, [1, 4, 0.5], [0, 0, 0])
    result = result_of(compared(deps, add_table(deps, X, y), epochs=200))
    picture = result["pictures"][f"descents-by-{name}.svg"]
    lines = elements(picture, "polyline")
    curves = expected(result, along)
    assert len(lines) == len(curves) == 6
    drawn = [np.array([point.split(",") for point in (e.get("points") or "").split()], dtype=float).T for e in lines]
    heights = np.concatenate([y for _, y in drawn])
    slope, level = np.polyfit(np.concatenate([shares for _, shares in curves]), heights, 1)
    assert slope < 0
    for panel in (slice(0, 3), slice(3, 6)):  # scaled columns on the left, raw ones on the right
        across, start = np.polyfit(
            np.concatenate([places for places, _ in curves[panel]]), np.concatenate([x for x, _ in drawn[panel]]), 1
        )
        for (places, shares), (x, y) in zip(curves[panel], drawn[panel], strict=True):
            np.testing.assert_allclose(x, across * places + start, atol=0.2)
            np.testing.assert_allclose(y, slope * shares + level, atol=0.2)
    goal = [e for e in elements(picture, "line") if "dashed" in (e.get("class") or "")]
    for line in goal:
        assert float(line.get("y1", 0)) == pytest.approx(slope * np.log(result["tolerance"]) + level, abs=0.2)
    arrived = sum(one["reached"] for one in result["descents"])
    assert len(elements(picture, "circle")) == arrived
    hues = [(e.get("class") or "").split()[1] for e in lines]
    assert hues == [f"{LOOKS[one['descent']]}-line" for one in result["descents"]]
    said = " ".join(e.text or "" for e in elements(picture, "text"))
    for one in result["descents"]:
        assert f"{one['learning_rate']:.3g}" in said


def test_what_diverges_leaves_the_picture_and_breaks_nothing(deps: Deps) -> None:
    X, y = descents.table(2, 60, [1, 50], [0, 10])
    result = result_of(compared(deps, add_table(deps, X, y), learning_rate=100.0, epochs=12, batch_size=8))
    assert all(one["diverged"] for one in result["descents"])
    for picture in result["pictures"].values():
        for element in ElementTree.fromstring(picture).iter():
            assert not any(word in value for value in element.attrib.values() for word in ("nan", "inf"))


def test_without_a_gap_there_is_nothing_to_draw(deps: Deps) -> None:
    X, y = descents.table(3, 60, [1], [0])
    result = result_of(compared(deps, add_table(deps, X, y), epochs=5))
    flat = {**result, "baseline_loss": min(one["least_loss"] for one in result["descents"])}
    assert pictures(flat) == {}
