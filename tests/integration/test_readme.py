"""The README's shell lines, run as they are written, in their order; only the port is the test's own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.test_serve import serve, url_of

README = Path(__file__).parents[2] / "README.md"


def test_shell_lines_work_as_written(tmp_path: Path) -> None:
    """On a server of its own, on which nobody has trained before."""
    if shutil.which("curl") is None:
        if os.environ.get("ADALINE_REQUIRE") == "all":
            pytest.fail("curl is needed")
        pytest.skip("curl is needed")
    blocks = re.findall(r"<!-- test: shell -->\n```sh\n(.*?)```", README.read_text(), re.DOTALL)
    assert len(blocks) == 10
    with serve(tmp_path / "data") as stack:
        url = url_of(stack)
        stack.until("train@")
        script = "\n".join(blocks).replace("http://127.0.0.1:8000", url)
        environment = {
            **os.environ, "ADALINE_URL": url, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        }  # fmt: skip
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True,
            timeout=300, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    answers = [json.loads(line) for line in re.findall(r'\{"(?:id|model|task)":.*?\}(?=\{"|\n|$|[a-z])', done.stdout)]
    assert any(answer.get("state") == "succeeded" for answer in answers), done.stdout
    assert '"code":"learning_rate_unstable"' in done.stdout.replace(": ", ":"), done.stdout
    assert "# Model card: `house-price`" in done.stdout
    assert (tmp_path / "importance.svg").read_text().startswith("<svg")
    assert len((tmp_path / "predictions.csv").read_text().splitlines()) == 501
    _says_what_it_answers(done.stdout)


def _says_what_it_answers(output: str) -> None:
    """The answer that the README shows is the one that its lines give, to the last digit that it shows."""
    shown = re.search(r"The last command answers\n\n```json\n(.*?)\n```", README.read_text(), re.DOTALL)
    assert shown is not None
    figure = re.search(r'"predictions":\[([0-9.]+)\]', shown[1])
    assert figure is not None
    digits = len(figure[1].partition(".")[2])
    answered = re.search(r'\{"model":.*?"predictions":\[([0-9.]+)\]\}', output)
    assert answered is not None, output
    same = re.sub(r"[0-9.]+(?=\]\}$)", f"{float(answered[1]):.{digits}f}", answered[0])
    assert shown[1] == same
