"""Numbers, curves and tables as people read them."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console, RenderableType

from service.cli.showing import rendering, reporting, serving
from service.cli.showing.rendering import figure, size, sparkline
from service.cli.showing.watching import duration, follow
from service.client import Dataset, Event, Job, Model, Version


def drawn(page: RenderableType) -> str:
    out = io.StringIO()
    Console(file=out, width=200, highlight=False).print(page)
    return out.getvalue()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (1234567, "1,234,567"),
        (0.123456, "0.12346"),
        (123456.7, "123,457"),
        (1.5e-7, "1.5e-07"),
        (True, "True"),
        (float("nan"), "nan"),
        (1e20, "1e+20"),
    ],
)
def test_figures_are_short(value: Any, text: str) -> None:
    assert figure(value) == text


@pytest.mark.parametrize(
    ("n_bytes", "text"),
    [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (115_000_000, "115.0 MB"), (3 * 10**12, "3.0 TB")],
)
def test_sizes_have_units(n_bytes: int, text: str) -> None:
    assert size(n_bytes) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0 s"), (59, "59 s"), (130, "2 min 10 s"), (3900, "1 h 5 min")])
def test_durations_have_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_curve_falls_where_its_values_fall() -> None:
    assert sparkline([3, 2, 1]) == "█▅▁"
    assert sparkline([1.0]) == "▁"
    assert sparkline([]) == ""


def test_a_steep_curve_is_drawn_by_its_logarithms() -> None:
    assert sparkline([1000, 100, 10, 1]) == "█▆▃▁"


def test_a_long_curve_keeps_its_ends() -> None:
    curve = sparkline([float(value) for value in range(1000, 0, -1)], width=20)
    assert len(curve) == 20
    assert (curve[0], curve[-1]) == ("█", "▁")


def test_an_id_is_never_cut() -> None:
    long = "ds_" + "0" * 60
    out = io.StringIO()
    Console(file=out, width=40).print(rendering.datasets([Dataset(id=long)]))
    assert long[:30] in out.getvalue()


def test_the_model_page_compares_versions_on_what_they_were_judged_by() -> None:
    versions = [
        Version(model="m", version=2, metrics={"train": {"rmse": 1.0}, "validation": {}, "test": {"rmse": 0.25}}),
        Version(model="m", version=1, metrics={"train": {"rmse": 1.0}, "validation": {"rmse": 0.5}, "test": {}}),
    ]
    page = drawn(serving.model(Model(name="m", aliases={"default": 1}), versions))
    newest, oldest = (line for line in page.splitlines() if line.strip().startswith(("1", "2")))
    assert "test" in newest
    assert "0.25" in newest
    assert "validation" in oldest
    assert "0.5" in oldest
    assert "default" in oldest


def test_a_failed_job_shows_its_reason() -> None:
    job = Job(id="job_1", state="failed", error={"code": "diverged", "detail": "the loss is no longer finite"})
    assert "the loss is no longer finite (diverged)" in drawn(rendering.job(job))


REPORT: dict[str, Any] = {
    "task": "regression",
    "rows": {"test": 0, "train": 80, "validation": 20},
    "metrics": {"train": {"rmse": 1.0, "r2": 0.9}, "validation": {"rmse": 2.0, "r2": 0.8}, "test": {}},
    "baseline": {"validation": {"rmse": 7.5, "r2": -0.01}},
    "history": [
        {"epoch": 1, "train_loss": 4.0, "validation_loss": 5.0},
        {"epoch": 2, "train_loss": 1.0, "validation_loss": 4.0},
    ],
    "best_epoch": 2,
    "curvature": {"scaled": {"lambda_max": 3.0, "condition_number": 12.5, "stable_learning_rate": 0.666}, "raw": None},
    "certificate": None,
    "verdict": None,
    "importance": None,
    "warnings": [{"code": "few_rows", "detail": "there are few rows"}],
    "lineage": {"spec": {"network": {"kind": "linear", "hidden": None}}, "seconds": 1.5},
}


def test_a_report_shows_each_split_beside_the_baseline() -> None:
    page = drawn(reporting.page(Version(model="m", version=1, target="price", task="regression"), REPORT))
    assert "80 train, 20 validation" in page
    (rmse,) = (line for line in page.splitlines() if line.strip().startswith("rmse"))
    assert rmse.split() == ["rmse", "1", "2", "7.5"]
    for figure_shown in ("linear neuron", "12.5", "0.666", "there are few rows", "2 epochs"):
        assert figure_shown in page


def test_members_are_shown_with_their_layers() -> None:
    spec = {"network": {"kind": "mlp", "hidden": [64, 32]}, "members": 8}
    page = drawn(reporting.page(Version(model="m", version=1), {**REPORT, "lineage": {"spec": spec}}))
    assert "8 × (64 → 32)" in page


def test_a_report_with_every_part_missing_is_still_shown() -> None:
    empty = dict.fromkeys(REPORT)
    assert "m:1" in drawn(reporting.page(Version(model="m", version=1), empty))


def test_a_report_shows_certificate_verdict_and_importance_where_it_has_them() -> None:
    full = REPORT | {
        "certificate": {
            "loss": 2.0,
            "optimum_loss": 1.75,
            "gap": 0.25,
            "coefficients": [{"feature": "rooms", "value": 31.5, "low": 30.0, "high": 33.0}],
        },
        "verdict": {"worth_it": "no", "sentence": "The network is not worth it."},
        "choice": {"kind": "linear", "sentence": "The linear neuron is published: it is better."},
        "importance": [{"feature": "garden", "value": 0.125, "low": 0.1, "high": 0.15}],
    }
    page = drawn(reporting.page(Version(model="m", version=1), full))
    for shown in ("1.75", "rooms", "31.5", "The network is not worth it.", "garden", "0.125"):
        assert shown in page
    for told in (page, drawn(reporting.published(Version(model="m", version=1), full))):
        assert "The linear neuron is published: it is better." in told


def test_what_is_told_of_each_of_several_targets_is_shown_under_its_name() -> None:
    coefficients = [{"feature": "rooms", "value": 31.5, "low": 30.0, "high": 33.0}]
    told = {"certificate": {"loss": 2.0, "optimum_loss": 1.75, "gap": 0.25, "coefficients": coefficients}}
    ranked = {"certificate": None, "importance": [{"feature": "garden", "value": 0.125, "low": 0.1, "high": 0.15}]}
    report = REPORT | {"by_target": {"price": told, "rent": ranked}}
    page = drawn(reporting.page(Version(model="m", version=1, target=("price", "rent"), task="regression"), report))
    assert "price, rent (regression)" in page
    assert page.index("31.5") < page.index("\nrent") < page.index("0.125")


def test_a_certificate_of_classes_shows_them() -> None:
    two = [{"feature": name, "class": "yes", "value": 1.25, "low": 1.0, "high": 1.5} for name in ("intercept", "age")]
    page = drawn(reporting.page(Version(model="m", version=1), REPORT | {"certificate": {"coefficients": two}}))
    assert "log-odds of yes" in page
    three = [
        {"feature": "age", "class": name, "value": 1.25, "low": None, "high": None} for name in ("a", "[red]", "c")
    ]
    page = drawn(reporting.page(Version(model="m", version=1), REPORT | {"certificate": {"coefficients": three}}))
    for name in ("a: age", "[red]: age", "c: age"):
        assert name in page


def test_separated_classes_and_a_certificate_left_out_say_so() -> None:
    apart = {"loss": 0.1, "optimum_loss": 0.0, "gap": 0.1, "coefficients": [], "separation": {"detail": "a from b"}}
    assert "a from b" in drawn(reporting.page(Version(model="m", version=1), REPORT | {"certificate": apart}))
    noted = REPORT | {"certificate": apart | {"note": "one row in 3"}}
    assert "one row in 3" in drawn(reporting.page(Version(model="m", version=1), noted))
    left_out = REPORT | {"certificate_left_out": "the table is too large"}
    assert "no certificate: the table is too large" in drawn(reporting.page(Version(model="m", version=1), left_out))


def test_where_the_bounds_are_a_guide_the_report_says_so() -> None:
    curved = REPORT | {"curvature": REPORT["curvature"] | {"note": "a guide only: momentum"}}
    assert "a guide only: momentum" in drawn(reporting.page(Version(model="m", version=1), curved))


def events(epochs: int) -> list[Event]:
    ends = [
        Event(seq=1, type="state", data={"state": "running"}),
        Event(seq=99, type="state", data={"state": "succeeded"}),
    ]
    told = [
        Event(
            seq=1 + epoch,
            type="epoch",
            data={
                "epoch": epoch,
                "epochs": epochs,
                "fraction": epoch / epochs,
                "train_loss": 8.0 / epoch,
                "validation_loss": None,
                "rows_per_second": 1e6,
                "eta_seconds": 75.0,
            },
        )
        for epoch in range(1, epochs + 1)
    ]
    return [ends[0], Event(seq=1, type="message", data={"text": "batch size [32]"}), *told, ends[1]]


def test_following_without_a_terminal_writes_a_line_now_and_then() -> None:
    out = io.StringIO()
    follow(events(1000), Console(file=out, width=200, force_terminal=False))
    lines = out.getvalue().splitlines()
    assert 5 < len(lines) < 20
    assert "batch size [32]" in lines
    assert lines[-1] == "succeeded"


@pytest.mark.parametrize("on_terminal", [True, False])
def test_following_marks_warnings_among_the_messages(on_terminal: bool) -> None:
    out = io.StringIO()
    data = {"text": "only 8 rows evaluate", "warning": {"code": "validation_small", "detail": "only 8 rows evaluate"}}
    told = [Event(seq=1, type="message", data=data), *events(2)]
    follow(told, Console(file=out, width=200, force_terminal=on_terminal, color_system=None))
    assert "warning: only 8 rows evaluate" in out.getvalue()
    assert "warning: batch size" not in out.getvalue()


def test_following_on_a_terminal_ends_on_the_last_state() -> None:
    out = io.StringIO()
    follow(events(4), Console(file=out, width=120, force_terminal=True, color_system=None))
    last = out.getvalue().splitlines()[-2:]
    assert "succeeded" in out.getvalue()
    assert "epoch 4 of 4 · 1,000,000 rows/s" in out.getvalue()
    assert "train" in "".join(last)
    assert "2" in "".join(last)
