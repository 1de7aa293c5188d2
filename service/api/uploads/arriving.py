"""Uploads: the file of a request, raw or in a form, decompressed and looked at piece by piece as it arrives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from flask import Request

from service.api.http.bodies import Body, Limit
from service.api.http.decoding import CutOff
from service.api.uploads.forms import Form
from service.errors import BodyMalformed, LengthRequired, MediaTypeUnsupported, UploadInvalid
from service.settings import Settings

CSV = "text/csv"
MULTIPART = "multipart/form-data"
PARQUET = "application/vnd.apache.parquet"
PARQUETS = (PARQUET, "application/x-parquet", "application/parquet")
PARQUET_NAMES = (".parquet", ".pq")
PARQUET_MARK = b"PAR1"  # at both ends of the file
PACKED_NAMES: Mapping[str, str] = {".gz": "gzip", ".zst": "zstd"}
LOOKED_AT_BYTES = 16
UNDERSTOOD = (
    f"send {CSV} or {PARQUET} as the body (curl -H 'Content-Type: text/csv' --data-binary @data.csv), "
    f"or {MULTIPART} with a file (curl -F file=@data.csv)"
)
# of a table that lost its last lines on the way nothing would tell so
END_UNSAID = (
    "nothing marks the end of an uncompressed CSV sent in chunks (Transfer-Encoding: chunked), so a truncated one "
    "would look complete; send it with a Content-Length, with Content-Encoding: gzip, or, from a pipe, as a "
    "form (curl -F 'file=@-;filename=data.csv')"
)

# What the first bytes give away: files that people upload as CSV and that are none.
SIGNATURES: Mapping[bytes, str] = {
    PARQUET_MARK: f"a Parquet file; send it as Content-Type: {PARQUET}, or name it .parquet in a form",
    b"PK\x03\x04": "a zip archive or a spreadsheet (.xlsx); unpack it, or save it as CSV",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet (.xls); save it as CSV",
    b"\x1f\x8b": "gzip data; add the header Content-Encoding: gzip, name it .gz in a form, or unpack it",
    b"\x28\xb5\x2f\xfd": "zstd data; add the header Content-Encoding: zstd, name it .zst in a form, or unpack it",
    b"%PDF-": "a PDF; export the table as CSV",
    b"SQLite format 3": "an SQLite database; export the table as CSV",
    b"{": "JSON; write the rows as CSV, with a header line",
    b"[{": "JSON; write the rows as CSV, with a header line",
    b"<!DOCTYPE": "a web page; check the download",
    b"<html": "a web page; check the download",
}


@dataclass(frozen=True, slots=True)
class _File:
    """What the file of a request is said to be."""

    name: str | None
    media_type: str
    packed: str = ""


class ArrivingUpload:
    """The file of a request. Once `pieces` has ended, `filename`, `media_type` and `fields` (of a form) are known."""

    def __init__(self, request: Request, settings: Settings, *, in_part: bool = False) -> None:
        """`in_part`: its first part is enough; of a Parquet file its last, which describes the columns.

        Raises MediaTypeUnsupported, LengthRequired, BodyTooLarge, BodyMalformed for what the headers already give away.
        """
        said = request.mimetype
        if said not in (CSV, MULTIPART, *PARQUETS):
            what = f"Content-Type {said!r} is not supported" if said else "Content-Type is missing"
            raise MediaTypeUnsupported(f"{what}; {UNDERSTOOD}")
        self._in_part = in_part
        self._body = Body(request, limit(settings))
        self._form = Form(request.mimetype_params.get("boundary", "")) if said == MULTIPART else None
        self._file = None if self._form else _File(None, CSV if said == CSV else PARQUET)
        self._end_is_said = said != CSV or self._body.says_its_end
        if not (self._end_is_said or in_part):
            raise LengthRequired(END_UNSAID)
        self.fields: dict[str, list[str]] = self._form.fields if self._form else {}

    @property
    def filename(self) -> str | None:
        return self._file.name if self._file else None

    @property
    def media_type(self) -> str:
        return self._file.media_type if self._file else CSV

    def pieces(self) -> Iterator[bytes]:
        """The bytes of the file. Raises UploadInvalid, BodyMalformed, BodyTooLarge, ParameterInvalid."""
        if self._form is None:
            unpacked = self._body.pieces()
        else:
            in_form = self._form.file(self._body.pieces())
            begun = next(in_form, None)
            if begun is None:
                raise UploadInvalid(f"the form has no file; {UNDERSTOOD}")
            self._file = _described(self._form.filename, self._form.media_type)
            unpacked = self._body.decoded(_again(begun, in_form), self._file.packed)
        yield from self._looked_at(unpacked)

    def _looked_at(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """The pieces, unless their first or last bytes are not those of such a file."""
        is_parquet = self.media_type == PARQUET
        first = last = b""
        for piece in pieces:
            if not piece:
                continue
            if len(first) < LOOKED_AT_BYTES:
                first += piece[:LOOKED_AT_BYTES]
                if not (is_parquet and self._in_part):
                    _refuse_other(first, is_parquet)
            last = (last + piece[-len(PARQUET_MARK) :])[-len(PARQUET_MARK) :]
            yield piece
        if not first:
            raise UploadInvalid(f"the upload is empty; {UNDERSTOOD}")
        if is_parquet and last != PARQUET_MARK:
            _refuse_other(first, is_parquet)
            raise CutOff("the Parquet file is truncated: its footer is missing; send the whole file again")
        if not self._end_is_said and last[-1:] not in (b"\r", b"\n"):
            raise CutOff("the body ends in the middle of a line")


def limit(settings: Settings) -> Limit:
    """How much of an upload is taken."""
    sent, unpacked = settings.max_upload_bytes, settings.max_decompressed_bytes
    unpacked_setting = "ADALINE_MAX_DECOMPRESSED_BYTES" if unpacked else "ADALINE_MAX_UPLOAD_BYTES"
    return Limit(sent, unpacked or sent, settings.max_decompression_ratio, "ADALINE_MAX_UPLOAD_BYTES", unpacked_setting)


def _described(filename: str | None, media_type: str) -> _File:
    """A form's file by its name, `data.csv.gz`, and by its own Content-Type."""
    name = filename or ""
    packed = PACKED_NAMES.get(PurePosixPath(name.lower()).suffix, "")
    if packed:
        name = name[: name.rindex(".")]
    is_parquet = media_type in PARQUETS or name.lower().endswith(PARQUET_NAMES)
    return _File(name or None, PARQUET if is_parquet else CSV, packed)


def _refuse_other(first: bytes, is_parquet: bool) -> None:
    if is_parquet:
        if not (first.startswith(PARQUET_MARK) or PARQUET_MARK.startswith(first)):
            raise BodyMalformed(f"the upload is not Parquet, as its type says; for CSV send {CSV}")
        return
    for signature, what in SIGNATURES.items():
        if first.startswith(signature):
            raise BodyMalformed(f"the upload is not CSV but {what}")


def _again(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
