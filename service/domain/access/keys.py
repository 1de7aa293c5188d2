"""Keys: `adl_<id>_<secret>`. The id says which key it is, in lists and logs; the secret is known to its holder alone.

The secret is 256 random bits, of which the server keeps a SHA-256. Slow hashes (bcrypt, Argon2) make it dear to try all
words that people think of; nobody tries 2^256 secrets at any price, and each request would pay for it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
from dataclasses import dataclass, field

PREFIX = "adl"
ID_LETTERS, ID_LENGTH = string.digits + string.ascii_lowercase, 16
SECRET_LETTERS, SECRET_LENGTH = string.digits + string.ascii_letters, 43  # 43 of 62 letters: 256 bits
KEY = re.compile(
    rf"{PREFIX}_(?P<id>[{ID_LETTERS}]{{{ID_LENGTH}}})_(?P<secret>[{SECRET_LETTERS}]{{{SECRET_LENGTH}}})", re.ASCII
)


@dataclass(frozen=True, slots=True)
class GivenKey:
    """A key as its holder has it."""

    id: str
    secret: str = field(repr=False)

    @property
    def text(self) -> str:
        return f"{PREFIX}_{self.id}_{self.secret}"

    @property
    def digest(self) -> str:
        return digest_of(self.secret)


def new_key(id: str) -> GivenKey:
    """A key with a secret that nobody else has."""
    return GivenKey(id, "".join(secrets.choice(SECRET_LETTERS) for _ in range(SECRET_LENGTH)))


def read_key(text: str) -> GivenKey | None:
    """The parts of a key; None for what has not its form."""
    found = KEY.fullmatch(text)
    return None if found is None else GivenKey(found["id"], found["secret"])


def digest_of(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_secret(secret: str, digest: str) -> bool:
    """Whether this is the secret whose digest is kept; it takes as long whatever is wrong with it."""
    return hmac.compare_digest(digest_of(secret), digest)
