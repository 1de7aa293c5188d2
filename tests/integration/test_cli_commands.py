"""Commands that look, take and forget; completion; and every command at 80 columns, on a running server."""

from __future__ import annotations

import csv
import json
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from service.cli import main
from service.client import Client, NotFound

TARGET = "gross_annual_household_income_before_taxes"
MODEL = "gross-income-per-household-of-the-western-regions"
FILE = "household incomes of the western regions in 2024, second edition.csv"
LEFT_OUT = re.compile(r"columns left out: [^;]+; --wide shows all".replace(" ", r"\s+"))


@pytest.fixture(autouse=True)
def address(server_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADALINE_URL", server_url)
    monkeypatch.setenv("COLUMNS", "80")


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """What a command puts on standard output."""
    capsys.readouterr()
    status = run(*arguments)
    told = capsys.readouterr()
    assert status == 0, told.err
    return told.out


@pytest.fixture(scope="module")
def incomes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of long names and large numbers, two of whose lines have a cell too few."""
    lines = [f"rooms_including_kitchens_and_bathrooms,region,{TARGET}"]
    for row in range(120):
        rooms, region = row % 7 + 1, ("the-far-north", "west")[row % 2]
        lines.append(f"{rooms},{region},{123_456_789.25 * rooms + 1_000_000 * (row % 2)}")
    path = tmp_path_factory.mktemp("incomes") / FILE
    path.write_text("\n".join([*lines, "1,west", "2"]) + "\n")
    return path


@pytest.fixture(scope="module")
def things(incomes: Path, server_url: str) -> dict[str, str]:
    """A dataset, two versions of a model, a comparison and a batch prediction; their ids."""
    with Client(server_url) as client:
        dataset = client.upload(incomes)
        version = client.train(dataset, TARGET, MODEL, epochs=12_000)
        client.train(dataset, TARGET, MODEL, network={"kind": "mlp", "hidden": [4]}, epochs=3)
        client.set_alias(MODEL, "champion-of-the-autumn-round", 1)
        compared = client.submit({"kind": "descent-comparison", "dataset": dataset.id, "target": TARGET, "epochs": 2})
        client.wait(compared.id)
        predicted = client.wait(client.batch_predict(MODEL, dataset).id)
    return {"DATASET": dataset.id, "JOB": version.job, "COMPARED": compared.id, "PREDICTED": predicted.id}


EVERY = [
    "datasets", "datasets DATASET", "profile DATASET", f"profile DATASET --correlate {TARGET}", "rejects DATASET",
    "jobs", "jobs JOB", "jobs COMPARED", "jobs PREDICTED", "models", f"models {MODEL}", f"versions {MODEL}",
    f"versions {MODEL} --compare 1 2", f"alias {MODEL} champion-of-the-autumn-round", f"report {MODEL}:1",
    f"report {MODEL}:2", f"files {MODEL}", f"download {MODEL} --to TO", "upload INCOMES", "upload INCOMES --preview",
    f"train INCOMES --target {TARGET} --check", f"compare INCOMES --target {TARGET} --set epochs=2 --set seed=1",
    f"train INCOMES --target {TARGET} --set epochs=2 --model {MODEL}-again", f"batch {MODEL} INCOMES --out OUT",
    "settings",
]  # fmt: skip


@pytest.mark.parametrize("command", EVERY)
def test_no_command_breaks_a_word_or_a_number_at_80_columns(
    command: str, things: dict[str, str], incomes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = {"INCOMES": str(incomes), "TO": str(tmp_path / "files"), "OUT": str(tmp_path / "out.csv")}
    arguments = [(things | paths).get(word, word) for word in command.split()]
    narrow, wide = said(capsys, *arguments), said(capsys, *arguments, "--wide")
    # what is of one run alone: its ids, times and durations
    passing = r"job_\w+|\d\d:\d\d|[\d-]{10}|\S+:\d+|\d{1,2}|─+" if command.split()[0] in WORKING else "─+"
    words = set(LEFT_OUT.sub("", narrow).split()) - set(wide.split())
    assert [word for word in words if not re.fullmatch(passing, word)] == []
    too_long = [line.strip() for line in narrow.splitlines() if cell_len(line) > 80]
    assert [line for line in too_long if " " in line] == []
    assert not LEFT_OUT.search(wide)


WORKING = ("train", "compare", "batch")


@pytest.mark.parametrize("command", ["", *sorted({command.split()[0] for command in EVERY} | {"predict", "delete"})])
def test_no_help_breaks_a_word_at_80_columns(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = said(capsys, *command.split(), "--help")
    monkeypatch.setenv("COLUMNS", "400")
    whole = set(said(capsys, *command.split(), "--help").split())
    assert [word for word in narrow.split() if word not in whole and not re.fullmatch("[╭─╮╰╯]+", word)] == []
    assert max(map(cell_len, narrow.splitlines())) <= 80


def test_a_comparison_does_not_end_with_where_its_last_descent_stood(
    incomes: Path, things: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("compare", incomes, "--target", TARGET, "--set", "epochs=2") == 0
    told = capsys.readouterr()
    assert told.err.splitlines()[-1] == "succeeded"
    assert not re.search(r"epoch \d+ of", told.err)
    assert "loss" not in said(capsys, "jobs", things["COMPARED"])


def test_files_profile_and_rejects_tell_what_the_server_has(
    things: dict[str, str], server: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert {file["name"] for file in json.loads(said(capsys, "files", MODEL, "--json"))} == set(server.files(MODEL))
    profile = json.loads(said(capsys, "profile", things["DATASET"], "--json"))
    assert profile == server.profile(things["DATASET"])
    assert re.search(r"region\s+categorical\s+0\s+2\s", said(capsys, "profile", things["DATASET"], "--wide"))
    out = tmp_path / "rejects.csv"
    assert run("rejects", things["DATASET"], "--out", out) == 0
    with out.open(newline="") as file:
        assert [row["line"] for row in csv.DictReader(file)] == ["122", "123"]
    told = said(capsys, "rejects", things["DATASET"])
    assert re.search(r"^ +1 +2 cells, but there are 3 columns +122", told, re.MULTILINE)
    assert [row["line"] for row in json.loads(said(capsys, "rejects", things["DATASET"], "--json"))] == ["122", "123"]


def test_what_is_deleted_is_gone_and_what_is_needed_stays(
    tmp_path: Path, server: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "forgotten.csv"
    table.write_text("a,b\n" + "".join(f"{row},{2 * row + 1}\n" for row in range(60)))
    version = json.loads(said(capsys, "train", table, "--target", "b", "--model", "forgotten", "--json"))
    dataset, job = version["dataset"], version["job"]
    run("alias", "forgotten", "champion", 1)
    capsys.readouterr()
    for what, way in (
        (dataset, "--force"),
        ("forgotten", "adaline delete forgotten:1"),
        ("forgotten:1", "champion"),
        ("forgotten:one", "by its number"),
        ("ds_none", "`adaline datasets`"),
        ("job_none", "`adaline jobs`"),
        ("none", "`adaline models`"),
    ):
        assert run("delete", what) == 2
        assert way in " ".join(capsys.readouterr().err.split())
    assert said(capsys, "delete", "forgotten@champion", "forgotten:1", "forgotten", job, dataset).split("\n")[:-1] == [
        f"{what} is deleted" for what in ("forgotten@champion", "forgotten:1", "forgotten", job, dataset)
    ]
    for missing in (server.model, server.job, server.dataset):
        with pytest.raises(NotFound):
            missing({server.model: "forgotten", server.job: job}.get(missing, dataset))


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("adaline pro", ["profile"]),
        ("adaline report gross-income-per-household-of-the-western-regions", [MODEL]),
        ("adaline train --che", ["--check"]),
    ],
)
def test_bash_completes_commands_options_and_models(
    typed: str, offered: list[str], things: dict[str, str], server_url: str
) -> None:
    bash = shutil.which("bash")
    assert bash is not None
    script = f"""
      adaline() {{ {sys.executable} -m service "$@"; }}
      export -f adaline; export ADALINE_URL={server_url}
      eval "$(adaline completion bash | sed 's/ \\$1 / adaline /; s/env COMP/COMP/')"
      COMP_WORDS=({typed}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
      _adaline_completion adaline; printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    told = subprocess.run([bash, "-c", script], capture_output=True, text=True, check=True)
    assert [word for word in told.stdout.split() if word in offered] == offered, told


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_printed_for_each_shell(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "_ADALINE_COMPLETE=complete_" + shell in said(capsys, "completion", shell)


@pytest.fixture
def stranger() -> Iterator[str]:
    """Another web server's address."""

    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def do_POST(self) -> None:
            self.send_error(501)

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Other) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("command", ["models", "jobs job_1", "upload INCOMES", "delete ds_1"])
def test_another_web_server_is_told_as_such(
    command: str, stranger: str, incomes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(incomes) if word == "INCOMES" else word for word in command.split()]
    assert run(*arguments, "--url", stranger) == 3
    told = " ".join(capsys.readouterr().err.split())
    assert f"the server at {stranger} is not Adaline" in told
    assert "BaseHTTP" in told


def test_what_speaks_no_http_is_told_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    def answer(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(b"-ERR unknown command\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=answer, args=(listening,))
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        assert run("models", "--url", url) == 3
        thread.join()
    assert f"the answer from {url} is not HTTP" in " ".join(capsys.readouterr().err.split())
