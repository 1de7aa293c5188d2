"""The form of keys, and how much is to be guessed."""

from __future__ import annotations

import hashlib
import math

import pytest

from service.domain.access.keys import ID_LENGTH, SECRET_LENGTH, SECRET_LETTERS, is_secret, new_key, read_key

ID = "0" * ID_LENGTH


def test_a_key_is_read_as_it_was_made() -> None:
    made = new_key(ID)
    assert read_key(made.text) == made
    assert made.text == f"adl_{ID}_{made.secret}"
    assert made.digest == hashlib.sha256(made.secret.encode()).hexdigest()
    assert made.secret not in repr(made)


def test_a_secret_has_256_bits() -> None:
    assert SECRET_LENGTH * math.log2(len(set(SECRET_LETTERS))) >= 256
    assert len({new_key(ID).secret for _ in range(1000)}) == 1000


@pytest.mark.parametrize(
    "text",
    [
        "", "adl", "adl__", f"adl_{ID}_", f"adl_{ID[1:]}_{'a' * 43}", f"adl_{ID}_{'a' * 42}", f"adl_{ID}_{'a' * 44}",
        f"adx_{ID}_{'a' * 43}", f"adl_{ID}_{'a' * 42}é", f"adl_{ID}_{'a' * 42}_", f" adl_{ID}_{'a' * 43}",
        f"adl_{ID}_{'a' * 43}\n", f"adl_{ID.replace('0', '٠')}_{'a' * 43}",
    ],
)  # fmt: skip
def test_what_has_not_the_form_is_no_key(text: str) -> None:
    assert read_key(text) is None


def test_only_the_secret_itself_matches_its_digest() -> None:
    made = new_key(ID)
    assert is_secret(made.secret, made.digest)
    assert not is_secret(made.secret[:-1], made.digest)
    assert not is_secret("", made.digest)
