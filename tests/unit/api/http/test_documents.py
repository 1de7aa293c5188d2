from __future__ import annotations

import pytest

from service.api.http.documents import parse
from service.errors import BodyMalformed


@pytest.mark.parametrize(
    ("data", "pointer", "word"),
    [
        (b'{"records": [{"a": 1}, {"a/b": NaN}]}', "/records/1/a~1b", "NaN"),
        (b'{"columns": {"x": [1, -Infinity]}}', "/columns/x/1", "-Infinity"),
        (b"[Infinity, NaN]", "/0", "Infinity"),
        (b'{"a": {"b": [[NaN], NaN]}}', "/a/b/0/0", "NaN"),
    ],
)
def test_constant_that_is_no_json_is_told_with_its_place(data: bytes, pointer: str, word: str) -> None:
    with pytest.raises(BodyMalformed) as caught:
        parse(data)
    (error,) = caught.value.errors
    assert error.pointer == pointer
    assert error.detail == f"{word} is not JSON; send null for a missing value"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "the body is empty"),
        (b" \n", "the body is empty"),
        (b'{"a": 1,\n "b": }', "line 2, column"),
        (b'{"a": 1', "line 1"),
        (b"a,b\n1,2\n", "line 1, column 1"),
        (b'{"a": "\xe9"}', "not UTF-8 at byte 7"),
        ('{"a": 1}'.encode("utf-16"), "not UTF-8"),
        (b"[" * 100_000, "depth"),
        (b'"\\ud800"', "surrogate"),
        (b"[1e999]", "infinity"),
        (b'{"a": NaN', "/a: NaN is not JSON"),
    ],
)
def test_what_is_no_json_is_told_with_its_place(data: bytes, says: str) -> None:
    with pytest.raises(BodyMalformed, match=says):
        parse(data)


def test_byte_order_mark_is_skipped() -> None:
    assert parse(b"\xef\xbb\xbf[1]") == [1]


def test_last_of_duplicate_keys_counts() -> None:
    assert parse(b'{"a": 1, "a": 2}') == {"a": 2}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b"{NaNinputsNaN: {NaNnNaN: [99", ""),
        (b'{"a": 1, NaN: 2}', ""),
        (b'{"a": {"b": [1, {NaN', "/a/b/1"),
        (b'{"a":1,"b" NaN', ""),
    ],
)
def test_a_constant_in_the_place_of_a_name_is_placed_in_its_object(body: bytes, pointer: str) -> None:
    with pytest.raises(BodyMalformed, match="is not JSON") as raised:
        parse(body)
    assert [error.pointer for error in raised.value.errors] == [pointer]
