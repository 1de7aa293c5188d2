"""The ends of the number line and of the calendar: what is learnt there is what is learnt in the middle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from hypothesis import example, given
from hypothesis import strategies as st

from service.domain.model.magnitude import units
from service.domain.preflight.outliers import FAR, FAR_TOGETHER
from service.domain.report.features import Importance
from service.domain.report.metrics import NumberMetrics
from service.domain.report.neuron import Certificate
from service.domain.report.warned import Warned
from service.domain.spec.training import Split
from service.wiring import Deps
from tests.unit.behaviour.ends.asking import ended, report_of, upload
from tests.unit.workers.explain.reports import mixed, typed_trained
from workers.explain.finite import only_finite
from workers.training.data.moments import Moments
from workers.training.metrics import number_metrics

FIXTURES = Path(__file__).parents[3] / "fixtures" / "ends"
GREATEST = float(np.finfo(np.float64).max)
ROWS = 90


def written(**columns: Any) -> bytes:
    cells = zip(
        *([cell if isinstance(cell, str) else repr(float(cell)) for cell in column] for column in columns.values()),
        strict=True,
    )
    return "\n".join([",".join(columns), *(",".join(row) for row in cells), ""]).encode()


def drawn(rows: int = ROWS) -> dict[str, np.ndarray]:
    """y follows a and b, with noise, in tidy decimals."""
    draw = np.random.default_rng(5)
    a, b = draw.normal(size=rows).round(3), draw.normal(size=rows).round(3)
    return {"a": a, "b": b, "y": (3 * a - 2 * b + draw.normal(size=rows) / 4).round(3)}


def told(job: dict[str, Any], code: str) -> list[str]:
    return [warning["detail"] for warning in job["validated"]["warnings"] if warning["code"] == code]


@pytest.mark.parametrize("kind", ["linear", "mlp"])
def test_a_date_that_stands_for_never_is_learnt_from_and_warned_of(deps: Deps, client: FlaskClient, kind: str) -> None:
    dataset = upload(deps, client, (FIXTURES / "date-9999-12-31.csv").read_bytes())
    job = ended(deps, client, dataset["id"], network={"kind": kind})
    assert job["state"] == "succeeded", job["error"]
    (warning,) = told(job, "far_value")
    assert "'until'" in warning
    assert "9999-12-31" in warning
    report = report_of(client, job)
    assert warning in [one["detail"] for one in report["warnings"]]
    assert report["metrics"]["validation"]["r2"] > 0.9


@pytest.mark.parametrize("kind", ["linear", "mlp"])
def test_the_greatest_number_as_a_sentinel_is_named_and_the_other_columns_are_learnt_from(
    deps: Deps, client: FlaskClient, kind: str
) -> None:
    data = (FIXTURES / "dbl-max-sentinel.csv").read_bytes()
    dataset = upload(deps, client, data)
    job = ended(deps, client, dataset["id"], network={"kind": kind})
    assert job["state"] == "succeeded", job["error"]
    (warning,) = told(job, "far_value")
    assert "'a'" in warning
    assert "1.79769e+308" in warning
    rows = [line.split(",") for line in data.decode().splitlines()[1:]]
    b, y = (np.array([float(row[place]) for row in rows]) for place in (1, 2))
    without = np.corrcoef(b, y)[0, 1] ** 2  # what b alone explains
    assert report_of(client, job)["metrics"]["train"]["r2"] > without - 0.1


def test_the_mend_of_the_warning_works(deps: Deps, client: FlaskClient) -> None:
    data = (FIXTURES / "dbl-max-sentinel.csv").read_bytes()
    dataset = upload(deps, client, data, null_values='["", "1.7976931348623157e308"]')
    assert dataset["columns"][0]["nulls"] == 10
    job = ended(deps, client, dataset["id"])
    assert not told(job, "far_value")
    assert report_of(client, job)["metrics"]["validation"]["r2"] > 0.9


@pytest.mark.parametrize("power", [-660, 660, -1000])
def test_a_target_in_any_unit_is_learnt_alike(deps: Deps, client: FlaskClient, power: int) -> None:
    """A power of two changes no digit: predictions, errors and importance are those of the plain target, times it."""
    plain, unit = drawn(), 2.0**power
    found = []
    for factor in (1.0, unit):
        data = written(**{**plain, "y": plain["y"] * factor})
        job = ended(deps, client, upload(deps, client, data)["id"])
        assert job["state"] == "succeeded", job["error"]
        answer = client.post("/v1/models/ends/predict", data=data, content_type="text/csv").json
        found.append((np.array(answer["predictions"]), report_of(client, job)))
    (once, ours), (times, theirs) = found
    np.testing.assert_allclose(times / unit, once, rtol=1e-12)
    for part in ("train", "validation"):
        mine, other = ours["metrics"][part], theirs["metrics"][part]
        assert other["r2"] == pytest.approx(mine["r2"], rel=1e-9)
        assert other["rmse"] / unit == pytest.approx(mine["rmse"], rel=1e-9)
        assert other["mae"] / unit == pytest.approx(mine["mae"], rel=1e-9)
        assert other["mse"] == (None if power > 0 else 0.0)  # beyond float64; below its least number
    for mine, other in zip(ours["importance"], theirs["importance"], strict=True):
        assert other["feature"] == mine["feature"]
        assert other["value"] / unit == pytest.approx(mine["value"], rel=1e-9)
    for name in ("mean", "standard_deviation"):
        assert theirs["residuals"][name] / unit == pytest.approx(ours["residuals"][name], rel=1e-9)
    assert theirs["residuals"]["skew"] == pytest.approx(ours["residuals"]["skew"], rel=1e-9)
    assert (ours["loss_units"], theirs["loss_units"]) == ("target", "scaled")
    scale = np.std(plain["y"])  # of all rows: near that of the training rows
    assert theirs["history"][-1]["train_loss"] == pytest.approx(ours["history"][-1]["train_loss"] / scale**2, rel=0.3)
    for name in ("value", "standard_error", "low", "high"):
        assert [one[name] / unit for one in theirs["certificate"]["coefficients"]] == pytest.approx(
            [one[name] for one in ours["certificate"]["coefficients"]], rel=1e-9
        )


@pytest.mark.parametrize("power", [-900, 900])
@pytest.mark.parametrize("scaler", ["standard", "minmax", "robust"])
def test_a_feature_in_any_unit_is_learnt_from_alike(deps: Deps, client: FlaskClient, power: int, scaler: str) -> None:
    plain = drawn()
    answers = []
    for factor in (1.0, 2.0**power):
        data = written(**{**plain, "a": plain["a"] * factor})
        job = ended(deps, client, upload(deps, client, data)["id"], scaler=scaler)
        assert job["state"] == "succeeded", job["error"]
        answers.append(client.post("/v1/models/ends/predict", data=data, content_type="text/csv").json["predictions"])
    np.testing.assert_allclose(answers[1], answers[0], rtol=1e-9)


@pytest.mark.parametrize("missing", ["mean", "median"])
def test_gaps_among_huge_numbers_are_filled_by_what_is_between_them(
    deps: Deps, client: FlaskClient, missing: str
) -> None:
    """Their sum is beyond float64, their mean is not."""
    plain = drawn()
    huge = (plain["a"] / 100 + 0.9) * 1.7e308
    data = written(**{**plain, "a": [cell if place % 4 else "" for place, cell in enumerate(huge)]})
    job = ended(deps, client, upload(deps, client, data)["id"], missing=missing, split={"validation": 0})
    assert job["state"] == "succeeded", job["error"]
    present = [Fraction(value) for place, value in enumerate(huge) if place % 4]
    middle = (
        float(sum(present) / len(present))
        if missing == "mean"
        else float(np.median(huge.reshape(-1)[[place % 4 > 0 for place in range(ROWS)]] / 4) * 4)
    )
    given = [{"a": None, "b": 1.0}, {"a": middle, "b": 1.0}]
    answer = client.post("/v1/models/ends/predict", json={"records": given}).json["predictions"]
    report = report_of(client, job)
    flag = next(one for one in report["certificate"]["coefficients"] if one["feature"] == "a is missing")
    assert answer[0] - answer[1] == pytest.approx(flag["value"], rel=0.05, abs=0.02)


def test_values_further_apart_than_any_number_are_refused_by_name(deps: Deps, client: FlaskClient) -> None:
    plain = drawn()
    plain["a"][3], plain["a"][4] = GREATEST, -GREATEST
    job = ended(deps, client, upload(deps, client, written(**plain))["id"], split={"validation": 0})
    assert (job["state"], job["error"]["code"]) == ("failed", "too_large")
    assert "feature 'a' goes from -1.79769e+308 to 1.79769e+308" in job["error"]["detail"]
    mended = upload(deps, client, written(**plain), null_values=f'["", "{GREATEST!r}", "{-GREATEST!r}"]')
    assert ended(deps, client, mended["id"])["state"] == "succeeded"
    assert ended(deps, client, upload(deps, client, written(**plain))["id"], exclude=["a"])["state"] == "succeeded"


@pytest.mark.parametrize("value", [GREATEST, 1e200, 1e30])
@pytest.mark.parametrize("column", ["a", "y"])
@pytest.mark.parametrize("network", [{"kind": "linear"}, {"kind": "mlp"}])
def test_a_far_value_among_the_held_out_rows_is_the_cause_and_not_the_rate(
    deps: Deps, client: FlaskClient, value: float, column: str, network: dict[str, Any]
) -> None:
    """The training rows do not know of it, so nothing scales it down."""
    train, other = drawn(), drawn(30)
    other[column][7] = value
    datasets = [upload(deps, client, written(**rows))["id"] for rows in (train, other)]
    job = ended(deps, client, datasets[0], split={"validation_dataset": datasets[1]}, network=network)
    if job["state"] == "succeeded":  # what is large in float32 may still be judged
        assert value < 1e38
        return
    detail = job["error"]["detail"]
    assert ("'a'" if column == "a" else "target") in detail
    assert "null_values" in detail
    assert "learning rate" not in detail


def test_a_column_in_large_units_that_nothing_scales_is_named_with_what_scales_it(
    deps: Deps, client: FlaskClient
) -> None:
    plain = drawn()
    id = upload(deps, client, written(**{**plain, "a": plain["a"] * 1e60, "y": plain["y"] * 1e60}))["id"]
    job = ended(deps, client, id, scaler="none")
    assert job["error"]["code"] == "too_large"
    assert "feature 'a' has the value " in job["error"]["detail"]
    assert '"scaler": "standard"' in job["error"]["detail"]
    job = ended(deps, client, id, scale_target=False)
    assert "target 'y' has the value " in job["error"]["detail"]
    assert '"scale_target": "auto"' in job["error"]["detail"]
    assert ended(deps, client, id)["state"] == "succeeded"


@pytest.mark.parametrize(
    "cells", [["1e300", "1.0000000000000002e300"], ["-9223372036854775808", "18446744073709551616"]]
)
def test_classes_that_are_huge_whole_numbers_are_answered(deps: Deps, client: FlaskClient, cells: list[str]) -> None:
    plain = drawn()
    labels = [cells[int(value > 0)] for value in plain["a"]]
    data = written(**{**plain, "y": labels})
    job = ended(deps, client, upload(deps, client, data)["id"])
    assert (job["state"], job["spec"]["task"]) == ("succeeded", "binary")
    answer = client.post("/v1/models/ends/predict", data=data, content_type="text/csv").json["predictions"]
    right = [said["label"] == float(label) for said, label in zip(answer, labels, strict=True)]
    assert np.mean(right) > 0.9


@pytest.mark.parametrize(
    "names", [["__proto__", "constructor"], ["\u202eright", "left"], ["a/b~0", "x" * 80], ["NaN!", "0x"]]
)
def test_classes_of_any_name_are_learnt_and_answered(deps: Deps, client: FlaskClient, names: list[str]) -> None:
    plain = drawn()
    labels = [names[int(value > 0)] for value in plain["a"]]
    data = written(**{**plain, "y": labels})
    job = ended(deps, client, upload(deps, client, data)["id"])
    assert job["state"] == "succeeded", job["error"]
    report_of(client, job)
    answer = client.post("/v1/models/ends/predict", data=data, content_type="text/csv").json["predictions"]
    assert np.mean([said["label"] == label for said, label in zip(answer, labels, strict=True)]) > 0.9
    assert set(answer[0]["probabilities"]) == set(names)


@pytest.mark.parametrize(
    ("days", "first", "last"),
    [
        (lambda place: f"0001-01-{1 + place % 31:02}", "0001-01-01", "0001-01-31"),
        (lambda place: f"9999-12-{1 + place % 31:02}", "9999-12-01", "9999-12-31"),
        (lambda place: f"{1 + 111 * place:04}-06-15", "0001-06-15", "9880-06-15"),
    ],
)
def test_the_first_and_the_last_year_are_years(
    deps: Deps, client: FlaskClient, days: Callable[[int], str], first: str, last: str
) -> None:
    plain = drawn()
    data = written(**{**plain, "when": [days(place) for place in range(ROWS)]})
    job = ended(deps, client, upload(deps, client, data)["id"])
    assert job["state"] == "succeeded", job["error"]
    curves = {one["feature"]: one for one in report_of(client, job)["partial_dependence"]}
    shown = [moment[:10] for moment in curves["when"]["values"]]
    assert first <= min(shown) <= max(shown) <= last


floats = st.floats(allow_nan=False, allow_infinity=False)


@example([85.75048804727103] * 3, 3)
@given(st.lists(floats, min_size=1, max_size=8), st.integers(1, 8))
def test_moments_are_exact_wherever_the_numbers_lie(values: list[float], cut: int) -> None:
    moments = Moments(1)
    for piece in (values[:cut], values[cut:]):
        moments.add(np.array(piece).reshape(-1, 1))
    exact = [Fraction(value) for value in values]
    mean = sum(exact) / len(exact)
    greatest = max(map(abs, exact))
    assert abs(Fraction(float(moments.mean[0])) - mean) <= greatest / 10**14 + Fraction(5e-324)
    variance = sum((value - mean) ** 2 for value in exact) / len(exact)
    found = Fraction(float(moments.deviation[0])) ** 2
    # what rounding of the numbers themselves may do to a variance
    assert abs(found - variance) <= variance / 10**6 + (greatest / 10**13) ** 2 + 4 * Fraction(5e-324) ** 2
    assert (moments.deviation[0] > 0) == (len(set(values)) > 1)


@given(st.floats(1e-320, GREATEST))
def test_units_bring_any_number_to_where_it_has_a_square(size: float) -> None:
    near = size * float(units(np.array([size]))[0])
    assert 0 < near * near * 1e8 < GREATEST


@pytest.mark.parametrize("power", [-1000, -600, 0, 600, 1000])
def test_metrics_follow_the_unit(power: int) -> None:
    draw, unit = np.random.default_rng(0), 2.0**power
    truth = draw.normal(size=100)
    said = truth + draw.normal(size=100) / 3
    plain = number_metrics([(truth, said)], ["y"])
    found = number_metrics([(truth[:30] * unit, said[:30] * unit), (truth[30:] * unit, said[30:] * unit)], ["y"])
    assert found.rmse / unit == pytest.approx(np.sqrt(np.mean((truth - said) ** 2)), rel=1e-12)
    assert found.mae / unit == pytest.approx(np.mean(np.abs(truth - said)), rel=1e-12)
    assert found.r2 == pytest.approx(plain.r2, rel=1e-12)


def test_figures_beyond_float64_are_left_out_and_said(tmp_path: Path) -> None:
    inf, nan = float("inf"), float("nan")
    _, sound = typed_trained(tmp_path, *mixed(60, "regression"), target="price", split=Split(0.3, 0.0))
    assert only_finite(sound) == sound
    certificate = Certificate("any", 1.0, nan, 0.0, 0.0, None, None, 1, [], 1.0, None, [])
    report = replace(
        sound,
        metrics={"train": NumberMetrics(inf, 1.0, 1.0, None)},
        importance=[Importance("a", inf, None, None), Importance("b", 1.0, None, None)],
        certificate=certificate,
        warnings=[Warned("other", "kept")],
    )
    found = only_finite(report)
    assert found.metrics == {"train": NumberMetrics(None, 1.0, 1.0, None)}
    assert found.importance == [Importance("b", 1.0, None, None)]
    assert found.certificate is None
    assert "float64" in (found.certificate_left_out or "")
    assert found.residuals == sound.residuals
    assert [warning.code for warning in found.warnings] == ["other", "beyond_float64"]
    assert all(name in found.warnings[1].detail for name in ("metrics", "importance", "certificate"))
    assert only_finite(found) == found


@pytest.mark.parametrize(
    ("far", "rows", "is_told"),
    [
        (-999.0, 9, True), (-999.0, 30, True), (1e6, 1, True), (1e308, 1, True), (40.0, 1, False), (40.0, 9, False),
        (0.0, 40, False),
    ],
)  # fmt: skip
def test_far_values_are_told_and_near_ones_are_not(
    deps: Deps, client: FlaskClient, far: float, rows: int, is_told: bool
) -> None:
    plain = drawn()
    plain["a"][:rows] = far
    job = ended(deps, client, upload(deps, client, written(**plain))["id"], epochs=2)
    warnings = told(job, "far_value")
    assert bool(warnings) == is_told
    others = plain["a"][rows:]
    if is_told:
        assert f"{far:.6g}" in warnings[0]
        gap = abs(far - others).min()
        assert gap > (FAR if rows == 1 else FAR_TOGETHER) * np.ptp(np.percentile(others, [25, 50]))
