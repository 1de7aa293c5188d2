"""What is wrong with a request itself: its body, its parameters, its caller."""

from __future__ import annotations

from collections.abc import Sequence

from service.errors.root import AdalineError, FieldError


class InputInvalid(AdalineError):
    code = "input_invalid"
    title = "The request cannot be used as it is"

    def __init__(self, detail: str, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.errors = tuple(errors)

    @classmethod
    def at(cls, pointer: str, detail: str) -> InputInvalid:
        """The error of a single place."""
        return cls(detail, [FieldError(pointer, detail)])


class ParameterInvalid(InputInvalid):
    code = "parameter_invalid"
    title = "A parameter cannot be used"


class BodyMalformed(InputInvalid):
    code = "body_malformed"
    title = "The body is not what it says it is"


class SpecInvalid(InputInvalid):
    code = "spec_invalid"
    title = "The spec cannot be run"


class RowsInvalid(InputInvalid):
    code = "rows_invalid"
    title = "These rows cannot be predicted"


class UploadInvalid(InputInvalid):
    """`reason` is the code that an ingest would end with, where it is the ingest's error that is told early."""

    code = "upload_invalid"
    title = "The upload is not a table"

    def __init__(self, detail: str, errors: Sequence[FieldError] = (), reason: str | None = None) -> None:
        super().__init__(detail, errors)
        self.reason = reason


class MediaTypeUnsupported(AdalineError):
    code = "media_type_unsupported"
    title = "Content-Type not understood"


class LengthRequired(AdalineError):
    code = "length_required"
    title = "Nothing says where the body ends"


class BodyTooLarge(AdalineError):
    code = "body_too_large"
    title = "The body is too large"


class DecompressedTooLarge(BodyTooLarge):
    code = "decompressed_too_large"
    title = "The body is too large once decompressed"


class DecompressionRatioTooLarge(BodyTooLarge):
    code = "decompression_ratio_too_large"
    title = "The body grows too much when decompressed"


class BodyTooSlow(AdalineError):
    code = "body_too_slow"
    title = "The body came too slowly"


class IdempotencyKeyReused(AdalineError):
    code = "idempotency_key_reused"
    title = "The Idempotency-Key was used with another body"


class CallerRefused(AdalineError):
    code = "caller_refused"
    title = "The caller is refused"


class HostInvalid(CallerRefused):
    code = "host_invalid"
    title = "The Host cannot be used"


class HostNotAllowed(CallerRefused):
    code = "host_not_allowed"
    title = "Not a name of this server"


class OriginNotAllowed(CallerRefused):
    code = "origin_not_allowed"
    title = "Pages of other origins may not do this"
