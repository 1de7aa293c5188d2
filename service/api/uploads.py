"""Uploads: the body of a request, raw or a form's file, written to a new blob as it arrives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData, Preamble

from service.api.bodies import Limit, chunks
from service.errors import BodyMalformed, FieldError, MediaTypeUnsupported, ParameterInvalid, UploadInvalid
from service.settings import MIB, Settings
from service.store.blobs import BlobWriter

CSV = "text/csv"
MULTIPART = "multipart/form-data"
PARQUET = ("application/vnd.apache.parquet", "application/x-parquet", "application/parquet")
FORM_FIELDS = ("name", "delimiter", "encoding", "header", "types")
MAX_PARTS = 20
MAX_FIELD_BYTES = MIB
UNDERSTOOD = (
    f"send {CSV} as the body (curl -H 'Content-Type: text/csv' --data-binary @data.csv), "
    f"or {MULTIPART} with a file (curl -F file=@data.csv)"
)

# What the first bytes give away: files that people upload as CSV and that are none.
SIGNATURES: Mapping[bytes, str] = {
    b"PAR1": "a Parquet file, which is not available yet; export it as CSV",
    b"PK\x03\x04": "a zip archive or a spreadsheet (.xlsx); unpack it, or save it as CSV",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet (.xls); save it as CSV",
    b"\x1f\x8b": "gzip data; add the header Content-Encoding: gzip, or unpack it",
    b"\x28\xb5\x2f\xfd": "zstd data; add the header Content-Encoding: zstd, or unpack it",
    b"%PDF-": "a PDF; export the table as CSV",
    b"SQLite format 3": "an SQLite database; export the table as CSV",
    b"{": "JSON; write the rows as CSV, with a header line",
    b"[{": "JSON; write the rows as CSV, with a header line",
    b"<!DOCTYPE": "a web page; check what was downloaded",
    b"<html": "a web page; check what was downloaded",
}


@dataclass(slots=True)
class Received:
    """What came beside the bytes: the file's own name, and the form's fields."""

    filename: str | None = None
    fields: dict[str, str] = field(default_factory=dict)


def receive(request: Request, writer: BlobWriter, settings: Settings) -> Received:
    """Write the uploaded bytes. Raises UploadInvalid, BodyMalformed, BodyTooLarge, MediaTypeUnsupported."""
    media_type = request.mimetype
    if media_type in PARQUET:
        raise MediaTypeUnsupported(f"Parquet uploads are not available yet; {UNDERSTOOD}")
    if media_type not in (CSV, MULTIPART):
        said = f"Content-Type {media_type!r} is not understood" if media_type else "the request has no Content-Type"
        raise MediaTypeUnsupported(f"{said}; {UNDERSTOOD}")
    body = chunks(
        request, Limit(settings.max_upload_bytes, settings.max_decompression_ratio, "ADALINE_MAX_UPLOAD_BYTES")
    )
    if media_type == CSV:
        received = Received()
        last = b""
        for piece in _table(body):
            writer.write(piece)
            last = piece[-1:]
        _refuse_cut_off(request, last)
    else:
        received = _Form(request.mimetype_params.get("boundary", ""), writer).read(body)
    if not writer.size:
        raise UploadInvalid(f"the upload is empty: there is no table in it; {UNDERSTOOD}")
    return received


def _table(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces, unless the first ones are those of a file that is no CSV. Raises BodyMalformed."""
    first = b""
    looked = False
    for piece in pieces:
        if not looked:
            first += piece[:16]
            looked = len(first) >= 16
            _refuse_known(first)
        yield piece


def _refuse_known(first: bytes) -> None:
    for signature, what in SIGNATURES.items():
        if first.startswith(signature):
            raise BodyMalformed(f"the upload is not CSV but {what}")


def _refuse_cut_off(request: Request, last: bytes) -> None:
    """Of a plain body in chunks the server does not say whether the connection ended before it; a half line does."""
    unsaid = request.content_length is None and "Content-Encoding" not in request.headers
    if unsaid and last and last not in b"\r\n":
        raise BodyMalformed(
            "the body came without a Content-Length and does not end with a line break, so it may have been cut off; "
            "end the last line, or say the Content-Length"
        )


class _Form:
    """A multipart form with one file and a few fields, read as it arrives."""

    def __init__(self, boundary: str, writer: BlobWriter) -> None:
        if not boundary:
            raise BodyMalformed("Content-Type: multipart/form-data lacks its boundary; let the HTTP client set it")
        try:
            self._decoder = MultipartDecoder(boundary.encode("ascii"), max_parts=MAX_PARTS)
        except UnicodeEncodeError:
            raise BodyMalformed("the boundary of multipart/form-data must be ASCII") from None
        self._writer = writer
        self._received = Received()
        self._has_file = False
        self._field: str | None = None  # the name of the field being read; None while it is the file
        self._value = bytearray()
        self._first = b""

    def read(self, body: Iterable[bytes]) -> Received:
        seen = False
        for piece in body:
            seen = True
            self._feed(piece)
        if seen:
            self._feed(None)
        if not self._has_file:
            raise UploadInvalid(f"the form has no file; {UNDERSTOOD}")
        return self._received

    def _feed(self, piece: bytes | None) -> None:
        try:
            self._decoder.receive_data(piece)
            while not isinstance(event := self._decoder.next_event(), NeedData | Epilogue):
                if isinstance(event, File):
                    self._begin_file(event)
                elif isinstance(event, Field):
                    self._begin_field(event)
                elif isinstance(event, Data):
                    self._data(event)
                elif not isinstance(event, Preamble):
                    break
            if len(self._decoder.buffer) > MAX_FIELD_BYTES:
                raise BodyMalformed("the form has a part whose head does not end")
        except RequestEntityTooLarge:
            raise BodyMalformed(f"the form has more than {MAX_PARTS} parts; send one file") from None
        except ValueError:
            raise BodyMalformed(
                "the body is not the multipart/form-data that Content-Type says, or it was cut off"
            ) from None

    def _begin_file(self, part: File) -> None:
        if part.name != "file":
            raise _wrong(part.name, 'is not the field of the file; name it "file" (curl -F file=@data.csv)')
        if self._has_file:
            raise _wrong("file", "is given more than once; upload one file at a time")
        media_type = part.headers.get("content-type", CSV).partition(";")[0].strip().lower()
        if media_type in PARQUET:
            raise MediaTypeUnsupported(f"Parquet uploads are not available yet; {UNDERSTOOD}")
        self._has_file = True
        self._received.filename = part.filename
        self._field = None

    def _begin_field(self, part: Field) -> None:
        if part.name == "file":
            raise _wrong("file", "came as text, without a file name; send a file (curl -F file=@data.csv)")
        if part.name not in FORM_FIELDS:
            raise _wrong(part.name, f"is not a field of this form; use file, {', '.join(FORM_FIELDS)}")
        if part.name in self._received.fields:
            raise _wrong(part.name, "is given more than once")
        self._field = part.name
        self._value = bytearray()

    def _data(self, part: Data) -> None:
        if self._field is None:
            if len(self._first) < 16:
                self._first += part.data[:16]
                _refuse_known(self._first)
            self._writer.write(part.data)
            return
        self._value += part.data
        if len(self._value) > MAX_FIELD_BYTES:
            raise _wrong(self._field, f"is longer than {MAX_FIELD_BYTES:,} bytes")
        if not part.more_data:
            try:
                self._received.fields[self._field] = self._value.decode()
            except UnicodeDecodeError:
                raise _wrong(self._field, "is not UTF-8") from None


def _wrong(name: str | None, detail: str) -> ParameterInvalid:
    return ParameterInvalid(f"{name}: {detail}", [FieldError(f"/{name}", detail)])
