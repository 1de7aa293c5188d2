from __future__ import annotations

from pathlib import Path

import pytest

from service.errors import CannotStart
from service.settings import Settings
from service.supervisor import parts

BROKER = "unix:///run/valkey.sock"


def test_part_reads_the_settings_that_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADALINE_PORT", "9999")
    monkeypatch.setenv("ADALINE_LEASE_SECONDS", "77")
    monkeypatch.setenv("ADALINE_URL", "http://somewhere")
    monkeypatch.setenv("SOMETHING_ELSE", "kept")
    settings = Settings(data=tmp_path, port=8123, broker_url=BROKER, checkpoint_seconds=0.25, max_rows=7)
    environment = parts.api(settings).environment
    assert Settings.from_environment(environment) == settings
    assert environment["ADALINE_BROKER_URL"] == BROKER
    assert (environment["SOMETHING_ELSE"], environment["ADALINE_URL"]) == ("kept", "http://somewhere")
    assert "ADALINE_LEASE_SECONDS" not in environment  # the default is what was given


def test_a_part_is_not_given_the_key_of_whoever_starts_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADALINE_KEY", "adl_mine")
    Settings.from_environment()  # it is no setting, and no mistake either
    assert "ADALINE_KEY" not in parts.api(Settings(broker_url=BROKER)).environment


def test_number_of_threads_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert parts.worker("train", ["train"], 2, Settings()).environment["OMP_NUM_THREADS"] == "1"
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert parts.worker("train", ["train"], 2, Settings()).environment["OMP_NUM_THREADS"] == "3"


def test_worker_without_the_libraries_that_learn_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "find_spec", lambda name: None if name == "torch" else object())
    with pytest.raises(CannotStart, match=r"torch not found.*pip install 'adaline\[worker\]'"):
        parts.worker("train", ["train"], 1, Settings())


def test_working_directory_comes_before_the_package_only_where_the_package_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    monkeypatch.chdir(Path(parts.__file__).parents[2])
    assert "PYTHONSAFEPATH" not in parts.api(Settings()).environment
    monkeypatch.chdir(tmp_path)
    assert parts.api(Settings()).environment["PYTHONSAFEPATH"] == "1"
