"""Settings whose values lie in files, as passwords do: `ADALINE_DATABASE_URL_FILE=/run/secrets/database_url`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from service.errors import SettingInvalid
from service.settings.knobs import ADALINE_ELSEWHERE, PREFIX

IN_FILE = "_FILE"


def written_out(environment: Mapping[str, str], known: Mapping[str, Any]) -> dict[str, str]:
    """The settings of an environment by name, with the text of a file in the place of its name. One that is given
    goes before its file. Raises SettingInvalid."""
    given = {name: text for name, text in environment.items() if name.startswith(PREFIX) and text}
    texts = {}
    for name in given.keys() - ADALINE_ELSEWHERE:
        meant = name.removesuffix(IN_FILE)
        if name in known or meant not in known:
            texts[name] = given[name]
        elif meant not in given:
            texts[meant] = _text_of(name, Path(given[name]))
    return texts


def origin_of(environment: Mapping[str, str], name: str) -> str:
    """Where the value of a setting came from."""
    if environment.get(name):
        return "environment"
    return environment.get(name + IN_FILE) or "default"


def _text_of(name: str, file: Path) -> str:
    try:
        text = file.read_text().strip()
    except OSError as error:
        raise SettingInvalid(f"{name} is {str(file)!r}, which cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingInvalid(f"{name} is {str(file)!r}, which is not text in UTF-8") from None
    if not text:
        raise SettingInvalid(f"{name} is {str(file)!r}, which is empty: write the value into it")
    return text
