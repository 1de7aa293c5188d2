"""Thrift's compact protocol, as much of it as Parquet's headers and footers have
(https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md)."""

from __future__ import annotations

from typing import Any

DEEPEST = 12
STOP, TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(13)

Fields = dict[int, Any]


class Damaged(ValueError):
    """Bytes that are not what a Parquet file must have there."""


def struct(data: bytes, at: int, depth: int) -> tuple[Fields, int]:
    """Fields by number. Raises IndexError where the data break off."""
    if depth > DEEPEST:
        raise Damaged("a header is nested too deeply")
    fields: Fields = {}
    number = 0
    while True:
        head = data[at]
        at += 1
        kind = head & 15
        if kind == STOP:
            return fields, at
        if head >> 4:
            number += head >> 4
        else:
            number, at = _zigzag(data, at)
        fields[number], at = value_at(data, at, kind, depth)


def value_at(data: bytes, at: int, kind: int, depth: int) -> tuple[Any, int]:
    """A value of a kind, and where it ends."""
    if kind in (TRUE, FALSE):
        return kind == TRUE, at
    if kind in (I16, I32, I64):
        return _zigzag(data, at)
    if kind == STRUCT:
        return struct(data, at, depth + 1)
    if kind in (BYTE, DOUBLE, BINARY):
        size, at = varint(data, at) if kind == BINARY else (1 if kind == BYTE else 8, at)
        if at + size > len(data):
            raise IndexError
        return data[at : at + size], at + size
    if kind in (LIST, SET):
        inner, count, at = list_head(data, at)
        values = []
        for _ in range(count):
            value, at = element(data, at, inner, depth)
            values.append(value)
        return values, at
    raise Damaged("a header has a field of unknown type")  # no header has maps


def list_head(data: bytes, at: int) -> tuple[int, int, int]:
    """The kind of a list's elements, how many they are, and where the first begins."""
    head = data[at]
    count, at = varint(data, at + 1) if head >> 4 == 15 else (head >> 4, at + 1)
    if count > len(data) - at:
        raise IndexError
    return head & 15, count, at


def element(data: bytes, at: int, kind: int, depth: int) -> tuple[Any, int]:
    """An element of a list, where a truth takes a byte, and where it ends."""
    if depth > DEEPEST:
        raise Damaged("a header is nested too deeply")
    return value_at(data, at, BYTE if kind in (TRUE, FALSE) else kind, depth + 1)


def _zigzag(data: bytes, at: int) -> tuple[int, int]:
    value, at = varint(data, at)
    return (value >> 1) ^ -(value & 1), at


def varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
        if shift > 63:
            raise Damaged("a header has a number that is too long")
