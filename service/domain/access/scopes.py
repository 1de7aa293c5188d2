"""Scopes: what a key opens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

READ, PREDICT, TRAIN, ADMIN = "read", "predict", "train", "admin"
MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        READ: "look at datasets, jobs, models, and download what belongs to them",
        PREDICT: "predict, with the owner's models and those that are shared with it, in batches too",
        TRAIN: "upload, train, promote, share and delete; includes read and predict",
        ADMIN: "make and revoke keys of every owner, and see to the installation; includes all others",
    }
)
SCOPES = tuple(MEANINGS)
# who may train publishes what is predicted with, and follows it to its end
INCLUDES: Mapping[str, frozenset[str]] = MappingProxyType({TRAIN: frozenset({READ, PREDICT}), ADMIN: frozenset(SCOPES)})


def opened_by(scopes: Iterable[str]) -> frozenset[str]:
    """All scopes that these open, those they include among them.

    >>> sorted(opened_by(["train"]))
    ['predict', 'read', 'train']
    """
    given = frozenset(scopes)
    return given.union(*(INCLUDES.get(scope, frozenset()) for scope in given))
