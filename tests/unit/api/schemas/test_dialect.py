"""What the document says of a dialect is what a dialect is."""

from __future__ import annotations

from service.api.schemas.dialect import DIALECT, TEXT_STYLE
from service.domain.cells.written import TextStyle
from service.domain.reading.dialect import Dialect


def test_every_field_is_described_and_no_other() -> None:
    assert set(DIALECT) == {*Dialect("utf-8", ",").to_json(), "text_style"}
    assert set(TEXT_STYLE["properties"]) == set(TextStyle().to_json())
