"""Which scopes include which."""

from __future__ import annotations

import pytest

from service.domain.access.scopes import opened_by


@pytest.mark.parametrize(
    ("given", "opened"),
    [
        ([], set()),
        (["read"], {"read"}),
        (["predict"], {"predict"}),
        (["train"], {"read", "predict", "train"}),
        (["read", "predict"], {"read", "predict"}),
        (["admin"], {"read", "predict", "train", "admin"}),
        (["predict", "admin"], {"read", "predict", "train", "admin"}),
    ],
)
def test_a_scope_opens_itself_and_what_it_includes(given: list[str], opened: set[str]) -> None:
    assert opened_by(given) == opened
