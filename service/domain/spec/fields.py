"""Fields that marshmallow lacks, and its messages as pointers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma

from service.errors import FieldError


class JsonNumber(ma.fields.Float):
    """A number. Unlike `Float`, no string that reads as one."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> float:
        if isinstance(value, str):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **options)


class JsonInteger(ma.fields.Integer):
    """A whole number, also one that is written 2.0. Unlike `Integer`, no string that reads as one."""

    def __init__(self, **options: Any) -> None:
        super().__init__(strict=True, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> int:
        whole = int(value) if isinstance(value, float) and value.is_integer() else value
        return super()._deserialize(whole, attr, data, **options)


class JsonBoolean(ma.fields.Boolean):
    """true or false. Unlike `Boolean`, neither 1 and 0 nor a word."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class OneOrWords(ma.fields.Field[Any]):
    """One of a few words, or what the inner field reads: `"auto"` or a number."""

    def __init__(self, inner: ma.fields.Field[Any], *, words: tuple[str, ...], **options: Any) -> None:
        super().__init__(**options)
        self.inner = inner
        self.words = words
        self.shape = "a value without quotes"

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        if isinstance(value, str):
            if value in self.words:
                return value
            words = " or ".join(f'"{word}"' for word in self.words)
            raise ma.ValidationError(f"{value!r} is not valid; use {words}, or {self.shape}")
        return self.inner.deserialize(value, attr, data, **options)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:
        return value


class OneOrSeveral(ma.fields.Field[Any]):
    """What the inner field reads, or a list of two or more such, all different."""

    def __init__(self, inner: ma.fields.Field[Any], *, most: int, **options: Any) -> None:
        super().__init__(**options)
        self.inner = inner
        self.most = most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        if not isinstance(value, list | tuple):
            return self.inner.deserialize(value, attr, data, **options)
        read: list[Any] = []
        errors: dict[int, Any] = {}
        for index, item in enumerate(value):
            try:
                read.append(self.inner.deserialize(item, attr, data, **options))
                if item in value[:index]:
                    errors[index] = [f"{item!r} is listed twice"]
            except ma.ValidationError as error:
                errors[index] = error.messages
        if errors:
            raise ma.ValidationError(errors)
        if not 2 <= len(read) <= self.most:
            raise ma.ValidationError(f"a list has 2 to {self.most} entries; give a single one without brackets")
        return read

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:
        return value


class Matches(ma.validate.Regexp):
    """The whole string matches. Unlike `Regexp` with a `$`, no newline may follow."""

    def __init__(self, pattern: str, error: str) -> None:
        super().__init__(f"^{pattern}$", error=error)

    def __call__(self, value: Any) -> Any:
        if not self.regex.fullmatch(value):
            raise ma.ValidationError(self._format_error(value))
        return value


def flatten(messages: Any, pointer: str = "") -> list[FieldError]:
    """Marshmallow's nested messages as JSON pointers."""
    if isinstance(messages, Mapping):
        errors: list[FieldError] = []
        for key, below in messages.items():
            step = "" if key == "_schema" else "/" + str(key).replace("~", "~0").replace("/", "~1")
            errors += flatten(below, pointer + step)
        return errors
    return [FieldError(pointer, str(message)) for message in messages]
