"""Everything that Adaline says is wrong, in one tree. Each leaf has a stable `code`; HTTP is added at the edge.

AdalineError
├── InputInvalid            what the client sent cannot be used; `errors` points into it
│   ├── ParameterInvalid    a parameter beside the body; `errors` points at it by name
│   ├── BodyMalformed       not the format it claims to be
│   ├── SpecInvalid         the spec of a job that cannot be run
│   ├── RowsInvalid         rows that cannot be predicted
│   └── UploadInvalid       bytes that are no table
├── MediaTypeUnsupported
├── BodyTooLarge            more bytes than are taken: as sent (this one itself), or once decompressed:
│                           DecompressedTooLarge DecompressionRatioTooLarge
├── BodyTooSlow             a body that does not come
├── NotFound                DatasetNotFound JobNotFound ModelNotFound VersionNotFound AliasNotFound FileNotFound
├── Conflict                DatasetInUse DatasetNotReady ModelNotEmpty VersionAliased IllegalMove ResultNotReady
│                           IdempotencyKeyReused AliasChanged
├── CallerRefused           who calls, or by which name: HostInvalid HostNotAllowed OriginNotAllowed
├── Unavailable             QueueUnavailable StorageFull TooManyStreams TooManyBodies DatabaseUnavailable
├── StorageDamaged          stored bytes that are not what was written: where they are, and what mends them
├── SettingInvalid · AlreadyRunning · CannotStart
└── WorkFailed              a job or an ingest that ends as `failed`, with the reason a user is told
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong at one place: a JSON pointer (RFC 6901) into the body, and what mends it."""

    pointer: str
    detail: str


class AdalineError(Exception):
    """The root. `str(error)` is the detail that a person reads."""

    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Internal error"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


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


class NotFound(AdalineError):
    code = "not_found"
    title = "Not found"


class DatasetNotFound(NotFound):
    code = "dataset_not_found"
    title = "No such dataset"


class JobNotFound(NotFound):
    code = "job_not_found"
    title = "No such job"


class ModelNotFound(NotFound):
    code = "model_not_found"
    title = "No such model"


class VersionNotFound(NotFound):
    code = "version_not_found"
    title = "No such version"


class AliasNotFound(NotFound):
    code = "alias_not_found"
    title = "No such alias"


class FileNotFound(NotFound):
    code = "file_not_found"
    title = "No such file"


class Conflict(AdalineError):
    code = "conflict"
    title = "Conflict with the current state"


class DatasetInUse(Conflict):
    """`references` are jobs and versions that were made from it: the newest, as JSON."""

    code = "dataset_in_use"
    title = "Dataset in use"

    def __init__(self, detail: str, references: Sequence[Mapping[str, object]] = ()) -> None:
        super().__init__(detail)
        self.references = tuple(references)


class DatasetNotReady(Conflict):
    code = "dataset_not_ready"
    title = "Dataset not ready"


class ModelNotEmpty(Conflict):
    code = "model_not_empty"
    title = "Model has versions"


class VersionAliased(Conflict):
    code = "version_aliased"
    title = "Version has an alias"


class IllegalMove(Conflict):
    code = "illegal_move"
    title = "Not allowed in the job's state"


class ResultNotReady(Conflict):
    code = "result_not_ready"
    title = "Job has no result"


class AliasChanged(Conflict):
    code = "alias_changed"
    title = "Alias changed since it was read"


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


class Unavailable(AdalineError):
    code = "unavailable"
    title = "Temporarily unavailable"


class QueueUnavailable(Unavailable):
    code = "queue_unavailable"
    title = "Queue does not answer"


class DatabaseUnavailable(Unavailable):
    code = "database_unavailable"
    title = "Database does not answer"


class TooManyStreams(Unavailable):
    code = "too_many_streams"
    title = "Too many open streams"


class TooManyBodies(Unavailable):
    code = "too_many_bodies"
    title = "Too many bodies being received"


class TooManyAnswers(Unavailable):
    code = "too_many_answers"
    title = "Too many responses being sent"


class StorageFull(AdalineError):
    code = "storage_full"
    title = "Disk full"


class StorageDamaged(AdalineError):
    """Stored bytes are not those that were written. `key` is the blob's, "" for the database."""

    code = "storage_damaged"
    title = "Stored data damaged"

    def __init__(self, key: str, what: str = "", mend: str = "") -> None:
        self.key = key
        where = f" (blob {key}: its hash does not match)" if key else ""
        super().__init__(f"{what or 'a stored file'} is damaged{where}; {mend or 'restore it from a backup'}")


class SettingInvalid(AdalineError):
    code = "setting_invalid"
    title = "Invalid setting"


class AlreadyRunning(AdalineError):
    code = "already_running"
    title = "Data directory in use"


class CannotStart(AdalineError):
    code = "cannot_start"
    title = "Adaline cannot start here"


class WorkFailed(AdalineError):
    """Work that ends as `failed`. The code belongs to the instance: it is stored beside the detail."""

    title = "Work failed"

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = code
