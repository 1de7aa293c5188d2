"""How an upload is to be read: the options of the query and of a form, checked, in one spelling each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
import orjson
from marshmallow import fields

from service.api.schemas.answer import one_of, says, switch
from service.api.schemas.requested import Requested
from service.domain.reading import encodings
from service.domain.reading.declared import SPELLINGS
from service.domain.spec.fields import Matches, flatten
from service.errors import FieldError, ParameterInvalid

MAX_NAME = 200
MAX_WORDS = 100
MAX_WORD = 200
NAMED_DELIMITERS: Mapping[str, str] = {"tab": "\t", "\\t": "\t", "space": " "}
FOR_CSV_ALONE = ("delimiter", "encoding", "header", "null_values", "decimal")


class KindByColumn(fields.Field[dict[str, str]]):
    """`{"zip": "categorical", "born": "datetime:dmy"}`, as JSON in one parameter."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> dict[str, str]:
        kinds = _json(value)
        if not isinstance(kinds, dict):
            raise ma.ValidationError('must be a JSON object that maps columns to kinds: {"zip": "categorical"}')
        for column, kind in kinds.items():
            if kind not in SPELLINGS:
                raise ma.ValidationError(
                    f"{kind!r} is not a kind of column ({column!r}); use one of: {', '.join(SPELLINGS)}"
                )
            if "\0" in column:
                raise ma.ValidationError("column names contain no NUL character")
        return kinds


class WordsField(fields.List[str]):
    """`NA`, repeated for each word, or all of them as one JSON list: `["NA", "-"]`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(fields.String(), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> list[str | None]:
        words = list(value)
        if len(words) == 1 and words[0].startswith("["):
            words = _json(words[0])
            if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
                raise ma.ValidationError(
                    'must be a JSON list of words: ["NA", "-"]; or repeat the parameter, one word each'
                )
        if len(words) > MAX_WORDS or any(len(word) > MAX_WORD for word in words):
            raise ma.ValidationError(f"may have at most {MAX_WORDS} words of at most {MAX_WORD} characters")
        if any(set(word) & set("\0\r\n") for word in words):
            raise ma.ValidationError("a word must not contain NUL or line breaks")
        return sorted(set(words))


class EncodingField(fields.String):
    """The name of a text encoding, as Python's codecs write it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> str:
        name = str(super()._deserialize(value, attr, data))
        try:
            return encodings.canonical(name)
        except encodings.EncodingUnknown as error:
            raise ma.ValidationError(str(error)) from None


class CsvOptions(Requested):
    """How a CSV is written; what is left out is found by looking at it."""

    delimiter = fields.String(
        validate=Matches(r"([^\x00\r\n\"A-Za-z0-9]|\\t|tab|space)", error='must be one character, "tab" or "space"'),
        metadata=says('the delimiter between cells: one character, "tab" or "space"'),
    )
    encoding = EncodingField(metadata=says("encoding of the text", example="windows-1252"))
    header = fields.Boolean(
        truthy={"true", "1"}, falsy={"false", "0"}, metadata=says("whether the first line is a header")
    )
    null_values = WordsField(
        metadata=says(
            "words that mark a missing cell, in the file and in rows to predict; a number matches in any spelling. "
            "Repeat the parameter, or give one JSON list",
            example=["NA", "-"],
        )
    )
    decimal = fields.String(validate=one_of((".", ",")), metadata=says("the decimal mark"))

    @ma.post_load
    def _in_one_spelling(self, options: dict[str, Any], **_: Any) -> dict[str, Any]:
        if "delimiter" in options:
            options["delimiter"] = NAMED_DELIMITERS.get(options["delimiter"], options["delimiter"])
        return options

    @ma.validates_schema
    def _apart(self, options: dict[str, Any], **_: Any) -> None:
        if "decimal" in options and options.get("delimiter") == options["decimal"]:
            raise ma.ValidationError("cannot also be the delimiter", "decimal")


class UploadOptions(CsvOptions):
    """How to read an upload; what is left out is found by looking at the file."""

    name = fields.String(
        validate=Matches(rf"[^\x00-\x1f\x7f]{{1,{MAX_NAME}}}", error="must be 1 to 200 printable characters"),
        metadata=says("name of the dataset; default: the file's name"),
    )
    types = KindByColumn(
        metadata=says(
            "kinds of columns, as a JSON object; datetime:dmy fixes the order of day, month and year",
            type="string",
            example='{"zip": "categorical", "born": "datetime:dmy"}',
        )
    )


class UploadQuery(UploadOptions):
    """The options, and whether anything is to be stored."""

    preview = switch("return what would be read from a part of the file; nothing is stored")


OPTIONS = UploadOptions()


def merged(query: Mapping[str, Any], form: Mapping[str, list[str]]) -> dict[str, Any]:
    """The options of the query and of the form, which mean the same. Raises ParameterInvalid."""
    one_each = {name: to if isinstance(OPTIONS.fields[name], fields.List) else to[0] for name, to in form.items()}
    try:
        options: dict[str, Any] = OPTIONS.load(one_each)
    except ma.ValidationError as error:
        errors = flatten(error.normalized_messages())  # type: ignore[no-untyped-call]  # marshmallow leaves it untyped
        raise ParameterInvalid(f"{errors[0].pointer.lstrip('/')}: {errors[0].detail}", errors) from None
    for name in form:
        if query.get(name) is not None:
            raise wrong(name, "is given both in the query and in the form")
    both = {**query, **options}
    if both.get("decimal") and both["decimal"] == both.get("delimiter"):
        raise wrong("decimal", "cannot also be the delimiter")
    return both


def check_parquet(options: Mapping[str, Any], what: str = "a Parquet file describes itself") -> None:
    """Raises ParameterInvalid for an option that only a CSV can need."""
    for name in FOR_CSV_ALONE:
        if name in options:
            raise wrong(name, f"is for CSV; {what}")


def wrong(name: str | None, detail: str) -> ParameterInvalid:
    """The error of one option."""
    return ParameterInvalid(f"{name}: {detail}", [FieldError(f"/{name}", detail)])


def _json(value: Any) -> Any:
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
