"""A multipart form with one file and a few fields, read as it arrives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData, Preamble

from service.api.uploads.options import UploadOptions, wrong
from service.errors import BodyMalformed
from service.settings import MIB

FIELDS = tuple(UploadOptions().fields)
REPEATED = ("null_values",)
MAX_PARTS = 120
MAX_FIELD_BYTES = MIB


class Form:
    """`file` gives the bytes of the form's file; once they have come, `filename` and `media_type` are known, and at
    their end `fields`."""

    def __init__(self, boundary: str) -> None:
        """Raises BodyMalformed."""
        if not boundary:
            raise BodyMalformed("Content-Type: multipart/form-data has no boundary; let the HTTP client set the header")
        try:
            self._decoder = MultipartDecoder(boundary.encode("ascii"), max_parts=MAX_PARTS)
        except UnicodeEncodeError:
            raise BodyMalformed("the boundary of multipart/form-data must be ASCII") from None
        self.filename: str | None = None
        self.media_type = ""
        self.fields: dict[str, list[str]] = {}
        self._has_file = False
        self._field: str | None = None  # the name of the field being read; None while it is the file
        self._value = bytearray()

    def file(self, body: Iterable[bytes]) -> Iterator[bytes]:
        """The bytes of the file; nothing at all when the form has none. Raises BodyMalformed, ParameterInvalid."""
        seen = False
        for piece in body:
            seen = True
            yield from self._fed(piece)
        if seen:
            yield from self._fed(None)

    def _fed(self, piece: bytes | None) -> Iterator[bytes]:
        try:
            self._decoder.receive_data(piece)
            while not isinstance(event := self._decoder.next_event(), NeedData | Epilogue):
                if isinstance(event, File):
                    self._begin_file(event)
                elif isinstance(event, Field):
                    self._begin_field(event)
                elif isinstance(event, Data) and self._field is None:
                    yield event.data
                elif isinstance(event, Data):
                    self._continue_field(self._field or "", event)
                elif not isinstance(event, Preamble):
                    break
            if len(self._decoder.buffer) > MAX_FIELD_BYTES:
                raise BodyMalformed("the form has a part with an incomplete header")
        except RequestEntityTooLarge:
            raise BodyMalformed(f"the form has more than {MAX_PARTS} parts; send one file") from None
        except ValueError:
            raise BodyMalformed("the body is not valid multipart/form-data, or it is truncated") from None

    def _begin_file(self, part: File) -> None:
        if part.name != "file":
            raise wrong(part.name, 'is not the field for the file; name it "file" (curl -F file=@data.csv)')
        if self._has_file:
            raise wrong("file", "is given more than once; upload one file at a time")
        self._has_file = True
        self._field = None
        self.filename = part.filename
        self.media_type = part.headers.get("content-type", "").partition(";")[0].strip().lower()

    def _begin_field(self, part: Field) -> None:
        if part.name == "file":
            raise wrong("file", "has no file name; send it as a file (curl -F file=@data.csv)")
        if part.name not in FIELDS:
            raise wrong(part.name, f"is not a field of this form; use file, {', '.join(FIELDS)}")
        if part.name in self.fields and part.name not in REPEATED:
            raise wrong(part.name, "is given more than once")
        self._field = part.name
        self._value = bytearray()

    def _continue_field(self, name: str, part: Data) -> None:
        self._value += part.data
        if len(self._value) > MAX_FIELD_BYTES:
            raise wrong(name, f"is longer than {MAX_FIELD_BYTES:,} bytes")
        if part.more_data:
            return
        try:
            self.fields.setdefault(name, []).append(self._value.decode())
        except UnicodeDecodeError:
            raise wrong(name, "is not UTF-8") from None
