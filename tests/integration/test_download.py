"""A model that was trained over HTTP is taken along: its files answer as the server did, with nothing else of ours."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

from service.cli import main
from service.client import Client
from tests.unit.workers.export.made import CODES, KINDS, Cells, as_csv, by_onnx, by_script, random_cells

ROWS = 10_000
LOSSES = {
    "mse": {}, "mae": {}, "huber": {}, "quantile": {"quantile": 0.8},
    "cross_entropy": {"target": "sold"}, "auto": {"target": "colour"},
}  # fmt: skip
FEATURES = [name for name in KINDS if name not in ("same", "colour")]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Cells]:
    """600 rows of every kind of column, with gaps, and targets of each task."""
    cells = random_cells(7, 600, 0.08)
    draw = np.random.default_rng(8)
    size = np.array([5.0 if cell is None else cell for cell in cells["size"]])
    code = np.array([CODES.index(cell) if cell else 20 for cell in cells["code"]])
    y = 3 * size + code + draw.normal(size=600)
    cells |= {"y": y.tolist(), "z": (100 - y).tolist(), "sold": [bool(it) for it in y > np.median(y)]}
    cells["colour"] = [cell or "red" for cell in cells["colour"]]
    path = tmp_path_factory.mktemp("taken") / "table.csv"
    path.write_text(as_csv(cells), newline="")
    return path, cells


@pytest.mark.parametrize("network", [{"kind": "linear"}, {"kind": "mlp", "hidden": [8, 4], "activation": "silu"}])
@pytest.mark.parametrize("loss", LOSSES)
def test_trained_model_answers_elsewhere_as_it_does_here(
    server: Client, table: tuple[Path, Cells], tmp_path: Path, loss: str, network: dict
) -> None:
    spec = {"target": "y", "loss": loss, "network": network, "epochs": 8, "features": FEATURES, **LOSSES[loss]}
    version = server.train(server.upload(table[0]), model=f"taken-{loss.replace('_', '-')}", **spec)
    directory = server.download(version.ref, tmp_path / "model")
    assert "onnx_left_out" not in [one["code"] for one in server.report(version.ref)["warnings"]]
    cells = {name: column for name, column in random_cells(9, ROWS, 0.1, unseen=True).items() if name in FEATURES}
    expected = server.predict(version.ref, cells)
    graph = by_onnx((directory / "model.onnx").read_bytes(), cells, {name: KINDS[name] for name in FEATURES})
    told = by_script(directory, as_csv(cells))
    if spec["target"] == "y":
        close = {"rtol": 1e-6, "atol": 1e-6 * np.abs(expected).max()}
        np.testing.assert_allclose(graph["prediction"][:, 0], expected, **close)
        np.testing.assert_allclose([float(row["prediction"]) for row in told], expected, **close)
        return
    probabilities = [list(one["probabilities"].values()) for one in expected]
    np.testing.assert_allclose(graph["probabilities"], probabilities, atol=1e-6)
    names = [f"p_{name}" for name in expected[0]["probabilities"]]
    np.testing.assert_allclose([[float(row[name]) for name in names] for row in told], probabilities, atol=1e-6)
    sure = np.diff(np.sort(probabilities, axis=1)[:, -2:], axis=1)[:, 0] > 1e-6
    labels = [one["label"] for one in expected]
    assert [a for a, it in zip(graph["label"][:, 0].tolist(), sure, strict=True) if it] == [
        a for a, it in zip(labels, sure, strict=True) if it
    ]


def test_several_targets_have_an_output_each(server: Client, table: tuple[Path, Cells], tmp_path: Path) -> None:
    version = server.train(server.upload(table[0]), ["y", "z"], "taken-several", features=FEATURES, epochs=5)
    directory = server.download(version.ref, tmp_path / "model")
    cells = {name: column for name, column in random_cells(3, 500, 0.1).items() if name in FEATURES}
    expected = server.predict(version.ref, cells)
    graph = by_onnx((directory / "model.onnx").read_bytes(), cells, {name: KINDS[name] for name in FEATURES})
    for target in ("y", "z"):
        np.testing.assert_allclose(graph[target][:, 0], [one[target] for one in expected], rtol=1e-6, atol=1e-6)
    told = by_script(directory, as_csv(cells))
    for row, answer in zip(told, expected, strict=True):
        assert {name: float(value) for name, value in row.items()} == pytest.approx(answer, rel=1e-12)


def test_the_very_file_that_was_trained_on_is_predicted_from(server: Client, tmp_path: Path) -> None:
    """Semicolons, a decimal comma, days before months, a word for what is missing, a comment, windows-1252."""
    draw = np.random.default_rng(1)
    lines = ["# exporté", "Größe;Tag;Art;Preis"]
    for _ in range(300):
        size, day, kind = draw.uniform(1000, 9000), draw.integers(1, 29), draw.choice(["groß", "klein", "k.A."])
        word = "k.A." if draw.random() < 0.1 else f"{size:.2f}".replace(".", ",")
        lines.append(f"{word};{day}.{draw.integers(1, 13)}.2024;{kind};{f'{size * 2:.3f}'.replace('.', ',')}")
    path = tmp_path / "preise.csv"
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode("windows-1252"))
    dataset = server.upload(path, null_values=["k.A."], decimal=",", types={"Tag": "datetime:dmy"})
    version = server.train(dataset, "Preis", "taken-preise", epochs=20)
    directory = server.download(version.ref, tmp_path / "model")
    command = [sys.executable, "-I", str(directory / "predict.py"), str(path)]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    told = [float(row["prediction"]) for row in csv.DictReader(io.StringIO(done.stdout.decode()))]
    rows = [line.split(";") for line in lines[2:]]
    records = [
        {
            "Größe": None if size == "k.A." else float(size.replace(",", ".")),
            "Tag": day,
            "Art": None if kind == "k.A." else kind,
        }
        for size, day, kind, _ in rows
    ]
    assert told == pytest.approx(server.predict(version.ref, records), rel=1e-9)


def test_same_spec_gives_the_same_graph(server: Client, houses: Path) -> None:
    dataset = server.upload(houses)
    versions = [server.train(dataset, "price", "taken-twice", seed=3) for _ in range(2)]
    hashes = [{file["name"]: file["sha256"] for file in version.files} for version in versions]
    assert hashes[0]["model.onnx"] == hashes[1]["model.onnx"]
    assert hashes[0]["predict.py"] == hashes[1]["predict.py"]


def test_download_command_tells_what_to_do_with_the_files(
    server: Client, houses: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    version = server.train(server.upload(houses), "price", "taken-by-command")
    where = tmp_path / "here"
    arguments = ["download", "taken-by-command", "--to", str(where), "--url", server.url]
    assert main(arguments) == 0
    page = capsys.readouterr().out
    assert f"{version.ref} is in {where}" in page
    assert f"python {where}/predict.py rows.csv" in page
    assert main([*arguments, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["directory"], told["version"]) == (str(where), version.version)
    assert set(told["files"]) == {path.name for path in where.iterdir()}
    (where / "predict.py").write_text("mine")
    assert main(arguments) == 2
    assert "already has predict.py" in capsys.readouterr().err
    assert main([*arguments, "--force"]) == 0
    assert ort.InferenceSession(where / "model.onnx").get_inputs()[0].name == "rooms"
