"""Intervals and contributions from the command line, of a model that a running stack has trained."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from service.cli import main
from service.client import Client


def test_a_trained_model_answers_what_its_report_says(
    houses: Path, server: Client, server_url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    server.train(server.upload(houses), target="price", model="explained")
    (told,) = (one for one in server.report("explained")["intervals"] if one["level"] == 0.8)
    rows, out = tmp_path / "rows.csv", tmp_path / "out.csv"
    rows.write_text("rooms,garden,city\n4,true,Nice\n1,,Atlantis\n")
    wanted = ("--intervals", "0.8", "--contributions", "--no-echo", "--url", server_url)
    assert main(["predict", "explained", str(rows), "--out", str(out), *wanted]) == 0
    with out.open() as file:
        listed = [{name: float(cell) for name, cell in row.items()} for row in csv.DictReader(file)]
    assert len(listed) == 2
    for row in listed:
        assert row["high"] - row["prediction"] == pytest.approx(told["half_width"])
        added = [value for name, value in row.items() if name.startswith("contribution_")]
        assert len(added) == 4
        assert sum(added) == pytest.approx(row["prediction"])
    capfd.readouterr()
    assert main(["predict", "explained", str(rows), *wanted, "--json"]) == 0
    said = json.loads(capfd.readouterr().out)
    assert said["predictions"] == [row["prediction"] for row in listed]
    assert said["intervals"] == [[row["low"], row["high"]] for row in listed]
    assert set(said["contributions"][0]) == {"intercept", "rooms", "garden", "city"}
    assert main(["predict", "explained", str(rows), "--intervals", "0.99999", "--url", server_url]) == 2
    assert "ask for 0.9" in capfd.readouterr().err
