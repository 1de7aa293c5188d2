from __future__ import annotations

from pathlib import Path

import pytest

from service.errors import SettingInvalid
from service.settings import Settings

URL = "redis://:secret@redis:6379/0"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "broker_url"
    path.write_text(f"{URL}\n")
    return path


def test_value_lies_in_a_file(file: Path) -> None:
    assert Settings.from_environment({"ADALINE_BROKER_URL_FILE": str(file)}).broker_url == URL


def test_empty_value_leaves_it_to_the_file(file: Path) -> None:
    environment = {"ADALINE_BROKER_URL": "", "ADALINE_BROKER_URL_FILE": str(file)}
    assert Settings.from_environment(environment).broker_url == URL


def test_value_goes_before_a_file_that_need_not_be_there(tmp_path: Path) -> None:
    environment = {"ADALINE_BROKER_URL": "redis://other/0", "ADALINE_BROKER_URL_FILE": str(tmp_path / "none")}
    assert Settings.from_environment(environment).broker_url == "redis://other/0"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "which cannot be read: No such file or directory"),
        (b"\n", "which is empty"),
        (b"\xff", "which is not text in UTF-8"),
    ],
)
def test_file_that_holds_no_value_is_refused(content: bytes | None, why: str, tmp_path: Path) -> None:
    file = tmp_path / "url"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingInvalid, match=f"ADALINE_DATABASE_URL_FILE is '{file}', {why}"):
        Settings.from_environment({"ADALINE_DATABASE_URL_FILE": str(file)})


def test_file_of_no_setting_is_refused(file: Path) -> None:
    with pytest.raises(SettingInvalid, match="ADALINE_PASSWORD_FILE is not a setting"):
        Settings.from_environment({"ADALINE_PASSWORD_FILE": str(file)})


def test_listing_says_where_a_value_came_from_and_hides_it(file: Path) -> None:
    environment = {"ADALINE_BROKER_URL_FILE": str(file)}
    listed = {row["name"]: row for row in Settings.from_environment(environment).describe(environment)}
    assert listed["ADALINE_BROKER_URL"]["from"] == str(file)
    assert listed["ADALINE_BROKER_URL"]["value"] == "redis://:***@redis:6379/0"


def test_child_gets_the_value_not_the_file(file: Path) -> None:
    environment = {"ADALINE_BROKER_URL_FILE": str(file)}
    settings = Settings.from_environment(environment)
    told = settings.to_environment(environment)
    assert "ADALINE_BROKER_URL_FILE" not in told
    assert Settings.from_environment(told) == settings
