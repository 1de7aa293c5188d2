"""The corpus, each file through the readers as ingest runs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.errors import WorkFailed
from tests.unit.workers.ingest.corpus import CASES, Case
from tests.unit.workers.ingest.reading import READERS, read
from workers.ingest.load import Reader

LETTERS = {"numeric": "D", "boolean": "B", "datetime": "T", "categorical": "V", "text": "V"}


@pytest.mark.parametrize("fastest", READERS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_file_is_read_as_a_careful_person_would(case: Case, fastest: Reader, tmp_path: Path) -> None:
    if case.fails is not None:
        with pytest.raises(WorkFailed) as raised:
            read(tmp_path, case.data, case.options, fastest=fastest)
        assert raised.value.code == case.fails[0]
        assert case.fails[1] in raised.value.detail
        return
    found = read(tmp_path, case.data, case.options, fastest=fastest)
    assert found.table == case.table
    assert [(reject.line, reject.column) for reject in found.loaded.rejects] == list(case.rejects)
    if case.types:
        assert "".join(LETTERS[kind] for kind in found.loaded.kinds.values()) == case.types
    for name, words in case.notes.items():
        assert words in " ".join(found.loaded.notes[name])


def test_there_are_enough_of_them_and_none_is_twice() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 60
