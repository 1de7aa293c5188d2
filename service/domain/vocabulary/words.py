"""How a vocabulary is made of its records, read beside `auto`, and told to a client."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol, TypeVar

AUTO = "auto"


class Named(Protocol):
    """A record: its `name` in a spec, and a `summary` of it for the API's document."""

    @property
    def name(self) -> str: ...
    @property
    def summary(self) -> str: ...


AnyRecord = TypeVar("AnyRecord", bound=Named)


def vocabulary(*records: AnyRecord) -> Mapping[str, AnyRecord]:
    """The records by name, in this order. Raises ValueError for a name that comes twice."""
    by_name = {record.name: record for record in records}
    if len(by_name) < len(records):
        raise ValueError(f"a name comes twice: {[record.name for record in records]}")
    return MappingProxyType(by_name)


def unless_auto(records: Mapping[str, AnyRecord], name: str) -> AnyRecord | None:
    """The record of a field that may still be `auto`: None then. Raises KeyError for a name that is no word."""
    return None if name == AUTO else records[name]


def listed(records: Mapping[str, AnyRecord]) -> str:
    """All of them for the document: "name: summary; …"."""
    return "; ".join(f"{record.name}: {record.summary}" for record in records.values())
