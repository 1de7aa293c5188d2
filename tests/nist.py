"""The linear regression sets of NIST's Statistical Reference Datasets (StRD), as files of the public domain."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "fixtures" / "nist"
_CERTIFIED = re.compile(r"^\s+B(\d+)\s+(\S+)\s+(\S+)\s*$", re.MULTILINE)
_RESIDUAL = re.compile(r"Residual\s+Standard Deviation\s+(\S+)")
POLYNOMIAL = {"Pontius": 2, "Wampler1": 5, "Wampler2": 5, "Wampler3": 5, "Wampler4": 5, "Filip": 10}


@dataclass(frozen=True)
class Certified:
    """A set with its certified values: number of the parameter → (estimate, standard deviation)."""

    header: list[str]
    rows: list[list[float]]
    parameters: dict[int, tuple[float, float]]
    residual_standard_deviation: float


def read(name: str) -> Certified:
    """A set; a polynomial's powers of x are columns of their own."""
    text = (FOLDER / f"{name}.dat").read_text()
    head, data = text.split("Data:", 2)[0::2] if text.count("Data:") > 1 else text.split("Data:")
    rows = [[float(cell) for cell in line.split()] for line in data.splitlines()[1:] if line.strip()]
    if name in POLYNOMIAL:
        rows = [[y, *(x**power for power in range(1, POLYNOMIAL[name] + 1))] for y, x in rows]
    parameters = {int(number): (float(a), float(b)) for number, a, b in _CERTIFIED.findall(text)}
    residual = _RESIDUAL.search(text)
    assert head
    assert residual
    header = ["y", *(f"x{number + 1}" for number in range(len(rows[0]) - 1))]
    return Certified(header, rows, parameters, float(residual.group(1)))


def csv_of(certified: Certified) -> bytes:
    """As a CSV whose cells read back to the same float64."""
    lines = [",".join(certified.header), *(",".join(map(repr, row)) for row in certified.rows)]
    return ("\n".join(lines) + "\n").encode()
