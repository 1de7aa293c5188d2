"""The certificate against NIST's certified values, over HTTP."""

from __future__ import annotations

import math
from typing import Any

import pytest

from service.client import Client
from tests.nist import csv_of, read

THROUGH_THE_ORIGIN = {"network": {"bias": False}, "scaler": "none", "scale_target": False}


def digits(value: float, certified: float, scale: float = 1.0) -> float:
    """Matching significant digits (log relative error); against zero, digits below `scale`."""
    if value == certified:
        return 15.0
    return -math.log10(abs(value - certified) / (abs(certified) or scale))


def certificate_of(server: Client, name: str, **spec: Any) -> dict[str, Any]:
    dataset = server.upload(csv_of(read(name)), name=name)
    version = server.train(
        dataset, target="y", model=name.lower(), split={"validation": 0.0, "test": 0.0}, epochs=5, **spec
    )
    certificate = server.report(version.ref)["certificate"]
    assert isinstance(certificate, dict)
    return certificate


def worst(name: str, certificate: dict[str, Any]) -> tuple[float, float]:
    """The fewest matching digits among the coefficients, and among their standard errors."""
    certified = read(name)
    numbers = sorted(certified.parameters)
    found = {item["feature"]: item for item in certificate["coefficients"]}
    names = {number: "intercept" if number == 0 else f"x{number}" for number in numbers}
    largest = max(abs(value) for value, _ in certified.parameters.values())
    return (
        min(digits(found[names[n]]["value"], certified.parameters[n][0]) for n in numbers),
        min(digits(found[names[n]]["standard_error"], certified.parameters[n][1], largest) for n in numbers),
    )


@pytest.mark.parametrize(
    ("name", "spec", "least"),
    [
        ("Norris", {}, 7),
        ("Pontius", {}, 7),
        ("NoInt1", THROUGH_THE_ORIGIN, 7),
        ("Longley", {}, 5),
        ("Wampler1", {}, 5),
        ("Wampler2", {}, 5),
        ("Wampler3", {}, 5),
        ("Wampler4", {}, 5),
    ],
)
def test_coefficients_and_errors_are_the_certified_ones(
    server: Client, name: str, spec: dict[str, Any], least: int
) -> None:
    certificate = certificate_of(server, name, **spec)
    certified = read(name)
    coefficients, errors = worst(name, certificate)
    assert coefficients >= least
    assert errors >= least
    assert certificate["rank"] == len(certified.parameters)
    assert certificate["residual_standard_deviation"] == pytest.approx(
        certified.residual_standard_deviation, rel=1e-7, abs=1e-7 * max(abs(row[0]) for row in certified.rows)
    )
    assert certificate["gap"] >= 0
    assert certificate["loss"] == pytest.approx(certificate["optimum_loss"] + certificate["gap"])


def test_filip_is_reported_honestly(server: Client) -> None:
    """Powers up to x¹⁰ leave about six digits: the report says so, or that the columns are collinear."""
    certificate = certificate_of(server, "Filip")
    if certificate["rank"] == 11:
        coefficients, _ = worst("Filip", certificate)
        assert coefficients >= certificate["digits"] - 1
        assert certificate["digits"] <= 8
    else:
        assert certificate["collinear"]
