"""What a notebook shows of reports, versions and a run: HTML in which names of strangers are text."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from service.client import Report, Version
from service.client.notebook import drawn, in_notebook

STRANGE = '<img src=x onerror="alert(1)">'
REPORT: dict[str, Any] = {
    "task": "regression",
    "rows": {"train": 1200, "validation": 300, "test": 0},
    "metrics": {"train": {"rmse": 1.25, "r2": 0.9}, "validation": {"rmse": 2.5, "r2": 0.5}, "test": {}},
    "baseline": {"validation": {"rmse": 7.5, "r2": 0.0}},
    "verdict": {"sentence": f"not worth it: {STRANGE}"},
    "certificate": {
        "loss": 2.0,
        "optimum_loss": 1.75,
        "gap": 0.25,
    },
    "weights": [{"feature": STRANGE, "learnt": 31.5, "optimum": 31.0, "difference": 0.5, "low": 30.0, "high": None}],
    "importance": [{"feature": "rooms", "value": 0.125, "low": 0.1, "high": 0.15}],
    "warnings": [{"code": "few_rows", "detail": f"few rows of {STRANGE}"}],
}


class Seen(HTMLParser):
    """The tags of a page, each closed, and the rows of its tables."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if "td" in self.open or "th" in self.open:
            self.rows[-1][-1] += data


def test_a_report_is_shown_with_its_figures_and_nothing_in_it_is_markup() -> None:
    seen = Seen(Report(REPORT)._repr_html_())
    assert ["metric", "train", "validation", "baseline (validation)"] in seen.rows
    assert ["rmse", "1.25", "2.5", "7.5"] in seen.rows
    assert ["coefficient", "learnt", "optimum", "difference", "low", "high"] in seen.rows
    assert [STRANGE, "31.5", "31", "0.5", "30", "–"] in seen.rows
    assert ["rooms", "0.125", "0.1", "0.15"] in seen.rows
    for words in (
        "1,200 train, 300 validation",
        "optimum loss 1.75",
        f"not worth it: {STRANGE}",
        f"few rows of {STRANGE}",
    ):
        assert words in seen.text
    assert set(seen.tags) <= {"p", "b", "table", "thead", "tbody", "tr", "th", "td"}


def test_a_report_is_still_the_answer_of_the_server() -> None:
    assert Report(REPORT) == REPORT
    assert json.loads(json.dumps(Report(REPORT))) == REPORT


def test_a_report_with_every_part_missing_is_still_shown() -> None:
    Seen(Report(dict.fromkeys(REPORT))._repr_html_())


def test_a_version_is_shown_with_its_scores() -> None:
    version = Version(
        model="m", version=3, task="regression", target=(STRANGE, "b"), metrics=REPORT["metrics"], job="job_1"
    )
    seen = Seen(version._repr_html_())
    assert f"m:3 predicts {STRANGE}, b (regression)" in seen.text
    assert ["rmse", "1.25", "2.5"] in seen.rows
    assert "img" not in seen.tags


@pytest.mark.parametrize(
    ("state", "at", "value", "line"),
    [
        ("queued", {}, 0.0, "queued"),
        (
            "running",
            {"epoch": 1234, "epochs": 5000, "fraction": 0.2468, "train_loss": 0.123456, "eta_seconds": 12.3},
            0.2468,
            "running · epoch 1,234 of 5,000 · train loss 0.12346 · 12 s left",
        ),
        ("running", {"fraction": 0.5}, 0.5, "running"),
        (
            "running",
            {"descent": "batch, raw", "epoch": 0, "epochs": 50, "fraction": 0.75, "train_loss": 5929.9},
            0.75,
            "running · batch, raw · epoch 0 of 50 · train loss 5929.9",
        ),
        ("succeeded", {"descent": "batch, raw", "epoch": 0, "epochs": 50, "train_loss": 5929.9}, 1.0, "succeeded"),
    ],
)
def test_a_bar_says_how_far_a_run_is(state: str, at: dict[str, Any], value: float, line: str) -> None:
    page = drawn(state, at)
    (shown,) = re.findall(r'value="([\d.]+)"', page)
    assert float(shown) == pytest.approx(value)
    assert Seen(page).text.strip() == line


def test_a_plain_program_is_no_notebook() -> None:
    assert in_notebook() is False
