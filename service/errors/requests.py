"""What is wrong with a request itself: its body, its parameters, its caller."""

from __future__ import annotations

from collections.abc import Sequence

from service.errors.root import AdalineError, FieldError


class InputInvalid(AdalineError):
    code = "input_invalid"
    title = "Invalid request"

    def __init__(self, detail: str, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.errors = tuple(errors)

    @classmethod
    def at(cls, pointer: str, detail: str) -> InputInvalid:
        """The error of a single place."""
        return cls(detail, [FieldError(pointer, detail)])


class ParameterInvalid(InputInvalid):
    code = "parameter_invalid"
    title = "Invalid parameter"


class BodyMalformed(InputInvalid):
    code = "body_malformed"
    title = "Malformed body"


class SpecInvalid(InputInvalid):
    code = "spec_invalid"
    title = "Invalid spec"


class RowsInvalid(InputInvalid):
    code = "rows_invalid"
    title = "Rows cannot be predicted"


class UploadInvalid(InputInvalid):
    """`reason` is the code that an ingest would end with, where it is the ingest's error that is told early."""

    code = "upload_invalid"
    title = "The upload is not a readable table"

    def __init__(self, detail: str, errors: Sequence[FieldError] = (), reason: str | None = None) -> None:
        super().__init__(detail, errors)
        self.reason = reason


class MediaTypeUnsupported(AdalineError):
    code = "media_type_unsupported"
    title = "Content-Type not supported"


class LengthRequired(AdalineError):
    code = "length_required"
    title = "Content-Length required"


class BodyTooLarge(AdalineError):
    code = "body_too_large"
    title = "Body too large"


class DecompressedTooLarge(BodyTooLarge):
    code = "decompressed_too_large"
    title = "Body too large once decompressed"


class DecompressionRatioTooLarge(BodyTooLarge):
    code = "decompression_ratio_too_large"
    title = "Decompression ratio too large"


class BodyTooSlow(AdalineError):
    code = "body_too_slow"
    title = "Body received too slowly"


class IdempotencyKeyReused(AdalineError):
    code = "idempotency_key_reused"
    title = "Idempotency-Key used with another body"


class CallerRefused(AdalineError):
    code = "caller_refused"
    title = "Forbidden"


class HostInvalid(CallerRefused):
    code = "host_invalid"
    title = "Invalid Host"


class HostNotAllowed(CallerRefused):
    code = "host_not_allowed"
    title = "Host not allowed"


class OriginNotAllowed(CallerRefused):
    code = "origin_not_allowed"
    title = "Origin not allowed"
