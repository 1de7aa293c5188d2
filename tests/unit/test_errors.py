"""The tree of errors: each can be had from `service.errors`, with a code and a title of its own."""

from __future__ import annotations

from collections.abc import Iterator

from service import errors
from service.errors import AdalineError, WorkFailed


def tree(root: type[AdalineError]) -> Iterator[type[AdalineError]]:
    yield root
    for below in root.__subclasses__():
        if below.__module__.startswith("service.errors"):
            yield from tree(below)


def test_every_error_is_in_the_public_surface() -> None:
    assert {error.__name__ for error in tree(AdalineError)} | {"FieldError", "told_by_first"} == set(errors.__all__)


def test_no_two_errors_share_a_code_or_a_title() -> None:
    fixed = [error for error in tree(AdalineError) if error is not WorkFailed]  # its code is each failure's own
    assert len({error.code for error in fixed}) == len({error.title for error in fixed}) == len(fixed)


def test_failed_work_has_its_own_code() -> None:
    error = WorkFailed("no_rows", "no row can be read")
    assert (error.code, error.detail, str(error)) == ("no_rows", "no row can be read", "no row can be read")
