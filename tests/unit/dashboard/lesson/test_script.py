"""The page of PyTorch that the lesson offers is run as it is, and prints what the lesson shows."""

from __future__ import annotations

import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.unit.dashboard.lesson.samples import VARIANTS, division, penguins, sample, settings
from tests.unit.dashboard.node import SOURCE, run

PAGE = """
const {sample, division, isScaled, settings} = given;
const {prepare} = await import(given.modules + "sample.ts");
const {descend} = await import(given.modules + "descent.ts");
const prepared = prepare(sample, division, isScaled);
const run = descend(prepared.train.x, prepared.train.y, settings);
return {script: module.pytorchPage(sample, division, isScaled, settings),
        first: prepared.train.y.reduce((sum, value) => sum + value ** 2, 0) / prepared.train.y.length,
        lines: [...module.printedBy(run), ...module.judgedBy(run, prepared)]};
"""


def page(rows: dict[str, Any], is_scaled: bool, choices: dict[str, Any], **shares: float) -> dict[str, Any]:
    given = {"sample": rows, "division": division(**shares), "isScaled": is_scaled, "settings": choices}
    return run("lesson/script.ts", PAGE, {**given, "modules": (SOURCE / "lesson").as_uri() + "/"})


Printed = Callable[[str], list[str]]


@pytest.fixture
def printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Printed]:
    """Lines that a script prints, run in this process: torch is loaded already."""
    kept = torch.get_default_dtype()

    def lines(script: str) -> list[str]:
        path = tmp_path / "linear_neuron.py"
        path.write_text(script, encoding="utf-8")
        runpy.run_path(str(path), run_name="__main__")
        return capsys.readouterr().out.splitlines()

    yield lines
    torch.set_default_dtype(kept)


def printed_alone(script: str, directory: Path) -> list[str]:
    """The same of a process of its own."""
    path = directory / "linear_neuron.py"
    path.write_text(script, encoding="utf-8")
    done = subprocess.run([sys.executable, path], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("features", "is_scaled"), [(1, True), (2, False)])
def test_the_script_prints_what_the_page_shows(variant: str, features: int, is_scaled: bool, printed: Printed) -> None:
    answer = page(sample(features), is_scaled, settings(variant, 0.04 if is_scaled else 0.005))
    assert printed(answer["script"]) == answer["lines"]
    assert len(answer["lines"]) == 1 + 6 + 2


def test_the_built_in_table_with_the_first_choices_of_the_page(tmp_path: Path) -> None:
    answer = page(penguins(), True, settings("batch", 0.1, epochs=30, seed=1), seed=1)
    lines = printed_alone(answer["script"], tmp_path)
    assert lines == answer["lines"]
    assert lines[0] == f"epoch 0  loss {answer['first']:.8g}  w 0  b 0"  # a neuron of zeros says 0


def test_a_run_that_diverges_ends_at_the_same_epoch(printed: Printed) -> None:
    answer = page(sample(1), True, settings("batch", 1e6, epochs=100))
    lines = printed(answer["script"])
    assert len(lines) == len(answer["lines"]) < 40
    assert [line.split()[:2] for line in lines] == [line.split()[:2] for line in answer["lines"]]
    assert lines[:5] == answer["lines"][:5]


def test_names_of_columns_stay_text(printed: Printed) -> None:
    hostile = ['"""\nimport os\nos._exit(7)\n#', "a'\\\u2028{0}</script>"]
    rows = {**sample(2, rows=8), "features": hostile, "target": '"]; raise SystemExit(9)  #'}
    answer = page(rows, True, settings("batch", 0.1, epochs=1))
    lines = printed(answer["script"])
    assert lines == answer["lines"]
    names: dict[str, Any] = {}
    assigned = [line for line in answer["script"].splitlines() if line.startswith(("FEATURES =", "TARGET ="))]
    exec("\n".join(assigned), names)
    assert (names["FEATURES"], names["TARGET"]) == (hostile, rows["target"])


def test_no_rows_to_validate_or_test(printed: Printed) -> None:
    answer = page(sample(1, rows=8), True, settings("stochastic", 0.02, epochs=2), validation=0, test=0)
    assert printed(answer["script"]) == answer["lines"]
    assert len(answer["lines"]) == 3


@pytest.mark.parametrize(
    "value",
    [0.0, 1.0, -1.0, 0.1, 1 / 3, 1e-5, 0.0001, 123456789.0, 99999999.5, 12345678.0, 1e22, -2.5e-300, 1e300, 100.0],
)
def test_numbers_are_printed_as_python_prints_them(value: float) -> None:
    assert run("lesson/python.ts", "return module.general(given, 8);", value) == f"{value:.8g}"
