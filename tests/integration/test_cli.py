"""`adaline` as a person or a script meets it: what it prints where, and the status it ends with."""

from __future__ import annotations

import csv
import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from service.cli import main
from service.client import Client
from tests.integration.conftest import price
from tests.integration.processes import started

NOWHERE = "http://127.0.0.1:9"  # the discard port: nothing listens there
HEAVY = ("celery", "flask", "sqlalchemy", "numpy", "redis", "pyarrow", "boto3", "granian")


@pytest.fixture(autouse=True)
def address(server_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADALINE_URL", server_url)
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text("rooms,garden,city\n4,true,Nice\n1,false,Lille\n")
    return path


EXPECTED = [price(4, True, "Nice"), price(1, False, "Lille")]


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def test_upload_train_predict(houses: Path, rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("upload", houses) == 0
    assert re.search(r"city\s+categorical", capsys.readouterr().out)
    assert run("train", houses, "--target", "price") == 0
    told = capsys.readouterr()
    assert "houses-2024:" in told.out
    assert re.search(r"r2\s", told.out)
    assert re.search(r"epoch \d+ of \d+", told.err)
    out = tmp_path / "predictions.csv"
    assert run("predict", "houses-2024", rows, "--out", out) == 0
    with out.open() as file:
        assert [float(row["prediction"]) for row in csv.DictReader(file)] == pytest.approx(EXPECTED, rel=1e-3)


def test_check_says_what_would_be_run_and_trains_nothing(
    houses: Path, server: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    rate = ("--set", "optimizer.kind=sgd", "--set", "optimizer.learning_rate=5", "--set", "batch_size=full")
    assert run("train", houses, "--target", "price", "--model", "unborn", "--check", *rate) == 0
    told = capsys.readouterr().out
    assert re.search(r"learning rate\s+5: as asked", told)
    assert re.search(r"condition number\s+\d", told)
    assert "left out: city, categorical" in told
    assert "(learning_rate_unstable)" in told
    assert run("train", houses, "--target", "price", "--check", "--json") == 0
    assert json.loads(capsys.readouterr().out)["rates"]["is_estimate"] is True
    assert "unborn" not in {job.model_name for job in server.jobs()}


def test_preview_shows_and_stores_nothing(
    houses: Path, tmp_path: Path, server: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "previewed.csv"
    table.write_text("zip;born\n01234;1.2.2020\n04109;31.1.2020\n")
    assert run("upload", "--preview", table, "--type", "zip=text") == 0
    told = capsys.readouterr().out
    assert re.search(r"zip\s+text", told)
    assert re.search(r"born\s+datetime", told)
    assert "2020-01-31" in told
    assert "previewed.csv" not in [dataset.name for dataset in server.datasets()]
    assert run("upload", "--preview", tmp_path / "none.csv") == 2


def test_json_is_all_that_standard_output_gets(houses: Path, rows: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def said(*arguments: object) -> object:
        assert run(*arguments, "--json") == 0
        return json.loads(capfd.readouterr().out)

    dataset = said("upload", houses)
    version = said(
        "train", dataset["id"], "--target", "price", "--model", "spoken", "--hidden", "8,4", "--set", "epochs=5"
    )
    assert (version["model"], version["dataset"]) == ("spoken", dataset["id"])
    job = said("jobs", version["job"])
    assert (job["spec"]["network"]["hidden"], job["spec"]["epochs"]) == ([8, 4], 5)
    assert len(said("predict", "spoken", rows)) == 2
    assert said("datasets", dataset["id"]) == dataset
    assert dataset["id"] in [one["id"] for one in said("datasets")]
    assert version["job"] in [one["id"] for one in said("jobs", "--state", "succeeded")]
    assert "spoken" in [one["name"] for one in said("models", "--limit", 100)]
    assert [one["version"] for one in said("models", "spoken")["versions"]] == [version["version"]]
    assert said("report", "spoken")["task"] == "regression"
    assert {"name", "value", "from", "meaning"} == set(said("settings")[0])


def test_compare_shows_each_descent_and_what_there_is_to_learn(
    houses: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("compare", houses, "--target", "price", "--set", "epochs=20", "--pictures", tmp_path / "seen") == 0
    seen = {path.name: path.read_text() for path in (tmp_path / "seen").iterdir()}
    assert set(seen) == {"descents-by-rows.svg", "descents-by-steps.svg"}
    assert all(picture.startswith("<svg") for picture in seen.values())
    told = capsys.readouterr()
    for name in ("batch", "stochastic", "mini-batch"):
        assert re.search(rf"^ *{name}, scaled .* reached ", told.out, re.MULTILINE)
        assert re.search(rf"^ *{name}, raw ", told.out, re.MULTILINE)
    assert "condition number" in told.out
    assert "On scaled columns" in told.out
    assert "batch, scaled: learning rate" in told.err
    assert run("jobs") == 0
    assert re.search(r"– +succeeded +100%.* descent-comparison ", capsys.readouterr().out)
    assert run("compare", houses, "--target", "price", "--set", "epochs=2", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)["descents"]) == 6


def test_lists_and_details_are_tables(houses: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = tmp_path / "Listed 2024.csv"
    own.write_bytes(houses.read_bytes() + b"\n")  # others may have uploaded the same bytes, by another name
    run("train", own, "--target", "price", "--model", "listed")
    capsys.readouterr()
    for arguments, words in (
        (("datasets",), "Listed 2024.csv"),
        (("jobs",), "listed:1"),
        (("models",), "listed"),
        (("models", "listed"), "rmse"),
        (("report", "listed"), "condition number"),
        (("settings",), "ADALINE_PORT"),
    ):
        assert run(*arguments) == 0
        assert words in capsys.readouterr().out


def test_rows_are_read_from_json_and_standard_input(houses: Path, rows: Path, tmp_path: Path, server_url: str) -> None:
    run("train", houses, "--target", "price", "--model", "piped")
    records = tmp_path / "rows.json"
    records.write_text('[{"rooms": 4, "garden": true, "city": "Nice"}, {"rooms": 1, "garden": false, "city": "Lille"}]')
    command = [sys.executable, "-m", "service", "predict", "piped", "--format", "json", "--url", server_url]
    for given in ([*command, str(records)], [*command, "-"]):
        with rows.open() as file:
            said = subprocess.run(given, stdin=file, capture_output=True, text=True, check=True)
        assert json.loads(said.stdout) == pytest.approx(EXPECTED, rel=1e-3)


def test_work_that_fails_ends_with_1(houses: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("a,b\n")
    assert run("upload", empty) == 1
    fast = ("--set", "optimizer.kind=sgd", "--set", "optimizer.learning_rate=1000", "--set", "batch_size=full")
    assert run("train", houses, "--target", "price", *fast) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "learning rate" in told.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("train", "{houses}", "--target", "prise"),
            "error: --target: the dataset has no column 'prise'; did you mean 'price'?",
        ),
        (("train", "{houses}", "--target", "price", "--hidden", "8,0"), "--hidden, entry 2: "),
        (("train", "{houses}", "--target", "price", "--hidden", "eight"), "--hidden eight"),
        (("train", "{houses}", "--target", "price", "--set", "epochs"), "field=value"),
        (("train", "nowhere.csv", "--target", "price"), "'nowhere.csv' is neither a file"),
        (("train", "ds_unknown", "--target", "price"), "ds_unknown"),
        (("upload", "nowhere.csv"), "nowhere.csv"),
        (("compare", "{houses}", "--target", "prise"), "did you mean 'price'?"),
        (("compare", "{houses}", "--target", "price", "--set", "batch_size=1"), "--set batch_size: "),
        (("compare", "nowhere.csv", "--target", "price"), "'nowhere.csv' is neither a file"),
        (("predict", "nothing", "{houses}"), "nothing"),
        (("jobs", "job_unknown"), "`adaline jobs` lists those there are"),
        (("train", "{houses}", "--target", "price", "--set", "optimizer.learning_rate=0,1"), "as 0.1 or 1000"),
        (("train", "{houses}", "--target", "price", "--set", "optimizer=sgd"), 'such as {"kind": "sgd"'),
        (("train", "{houses}", "--target", "price", "--set", "network.hidden=[8]"), "--set network.kind=mlp"),
        (("cancel", "job_unknown"), "job_unknown"),
        (("report", "nothing:1"), "nothing"),
        (("jobs", "--state", "tired"), "tired"),
        (("jobs", "--url", "localhost:8000"), "http://127.0.0.1:8000"),
        (("jobs", "--limit", "0"), "--limit"),
        (("learn",), "learn"),
    ],
)
def test_bad_input_ends_with_2_and_says_where(
    arguments: tuple[str, ...], words: str, houses: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*(argument.format(houses=houses) for argument in arguments)) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert words in told.err
    assert "Traceback" not in told.err


def test_a_server_that_is_not_there_ends_with_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("models", "--url", NOWHERE) == 3
    assert "adaline serve" in capsys.readouterr().err


def test_a_failed_prediction_leaves_no_file(houses: Path, tmp_path: Path) -> None:
    run("train", houses, "--target", "price", "--model", "filed")
    wrong, out = tmp_path / "wrong.csv", tmp_path / "out.csv"
    wrong.write_text("rooms,garden,city\nmany,true,Nice\n")
    assert run("predict", "filed", wrong, "--out", out) == 2
    assert not out.exists()


def test_a_file_is_predicted_from_with_its_own_columns(
    houses: Path, server: Client, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The file that trained the model, in other dialects and forms too; the target in it is passed on as it is."""
    run("train", houses, "--target", "price", "--model", "echoed")
    plain = list(csv.DictReader(houses.read_text().splitlines()))
    semicolons, lines = tmp_path / "semicolons.csv", tmp_path / "rows.jsonl"
    with semicolons.open("w", newline="") as file:
        writer = csv.writer(file, delimiter=";", quoting=csv.QUOTE_ALL)
        writer.writerows([list(plain[0]), *(row.values() for row in plain)])
    lines.write_text("".join(json.dumps({**row, "rooms": int(row["rooms"])}) + "\n" for row in plain))
    answers = []
    for source in (houses, semicolons, lines):
        out = tmp_path / "out.csv"
        assert run("predict", "echoed", source, "--out", out) == 0
        with out.open() as file:
            rows = list(csv.DictReader(file))
        assert [{name: row[name] for name in plain[0]} for row in rows] == plain
        answers.append([row["prediction"] for row in rows])
        assert [float(text) for text in answers[-1]] == pytest.approx([float(row["price"]) for row in plain], rel=1e-2)
    assert answers[0] == answers[1] == answers[2]
    assert run("predict", "echoed", houses, "--out", out, "--no-echo") == 0
    assert out.read_text().splitlines() == ["prediction", *answers[0]]
    capfd.readouterr()
    assert run("predict", "echoed", houses, "--format", "jsonl") == 0
    told = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [repr(row["prediction"]) for row in told] == answers[0]
    assert server.predict("echoed", semicolons) == [float(text) for text in answers[0]]


def test_a_row_that_fails_late_leaves_no_file_unless_it_may_be_empty(
    houses: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("train", houses, "--target", "price", "--model", "late")
    header, *lines = houses.read_text().splitlines()
    many, out = tmp_path / "many.csv", tmp_path / "out.csv"
    many.write_text("\n".join([header, *lines * 400, "many,true,Nice,1", *lines]) + "\n")
    capsys.readouterr()
    assert run("predict", "late", many, "--out", out) == 2
    assert "line 160002, column 'rooms'" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["many.csv"]
    assert run("predict", "late", many, "--out", out, "--on-error", "null") == 0
    with out.open() as file:
        rows = list(csv.DictReader(file))
    assert [number for number, row in enumerate(rows) if row["prediction"] == ""] == [160_000]
    assert rows[160_000]["rooms"] == "many"
    assert "line 160002" in rows[160_000]["error"]


def test_not_watching_leaves_the_job_to_itself(
    houses: Path, server: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("train", houses, "--target", "price", "--model", "alone", "--no-watch", "--json") == 0
    job = json.loads(capsys.readouterr().out)
    assert server.wait(job["id"]).state == "succeeded"


def test_interrupting_the_watch_leaves_the_job_and_says_how_to_end_it(
    houses: Path, server: Client, server_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [sys.executable, "-m", "service", "train", str(houses), "--target", "price", "--model", "long"]
    endless = ["--hidden", "64,64", "--set", "batch_size=1", "--set", "epochs=100000", "--set", "early_stopping=null"]
    with started([*command, *endless, "--url", server_url]) as watching:
        watching.until(" rows/s")
        watching.process.send_signal(signal.SIGINT)
        assert watching.wait() == 130
    (last,) = (line for line in watching.lines if "adaline cancel" in line)
    (id,) = set(re.findall(r"job_\w+", last))
    assert server.job(id).state == "running"
    assert run("cancel", id) == 0
    assert id in capsys.readouterr().out
    assert list(server.events(id))[-1].data["state"] == "cancelled"


def test_openapi_prints_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("openapi") == 0
    assert "/v1/jobs/{id}" in capsys.readouterr().out


def test_help_names_every_command_and_the_exit_statuses(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    told = capsys.readouterr().out
    for word in (
        "serve",
        "api",
        "worker",
        "sweep",
        "upload",
        "train",
        "compare",
        "predict",
        "cancel",
        "report",
        "130 interrupted",
    ):
        assert word in told
    assert run("--version") == 0
    assert re.fullmatch(r"adaline \d+\.\d+\.\d+\n", capsys.readouterr().out)


def test_a_command_of_the_client_loads_nothing_of_the_server() -> None:
    code = f"""
import sys
from service.cli import main
main(["models", "--url", {NOWHERE!r}])
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "[]\n"


def test_several_targets_and_rows_of_another_file_to_judge_by(
    houses: Path, rows: Path, tmp_path: Path, server: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = houses.read_text().splitlines()
    two = [f"{lines[0]},half"] + [f"{line},{float(line.rsplit(',', 1)[1]) / 2}" for line in lines[1:]]
    train, judge = tmp_path / "train.csv", tmp_path / "judge.csv"
    train.write_text("\n".join(two[:-40]) + "\n")
    judge.write_text("\n".join([two[0], *two[-40:]]) + "\n")
    other = server.upload(judge)
    status = run(
        "train", train, "--target", "price", "--target", "half", "--set", f"split.validation_dataset={other.id}",
        "--set", "optimizer.kind=lbfgs", "--model", "both",
    )  # fmt: skip
    assert status == 0, capsys.readouterr().err
    version = next(server.versions("both"))
    assert version.targets == ("price", "half")
    report = server.report(version.ref)
    assert report["rows"]["validation"] == 40
    assert report["lineage"]["validation_dataset_sha256"] == other.sha256
    assert run("report", "both") == 0
    assert re.search(r"predicts\s+price, half \(regression\)", capsys.readouterr().out)
    found = server.predict("both", rows)
    assert [one["price"] for one in found] == pytest.approx(EXPECTED, rel=1e-3)
    assert [one["half"] for one in found] == pytest.approx([value / 2 for value in EXPECTED], rel=1e-3)
