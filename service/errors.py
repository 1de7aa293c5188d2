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
    title = "In conflict with the present state"


class DatasetInUse(Conflict):
    """`references` are jobs and versions that were made from it: the newest, as JSON."""

    code = "dataset_in_use"
    title = "The dataset is in use"

    def __init__(self, detail: str, references: Sequence[Mapping[str, object]] = ()) -> None:
        super().__init__(detail)
        self.references = tuple(references)


class DatasetNotReady(Conflict):
    code = "dataset_not_ready"
    title = "The dataset is not ready"


class ModelNotEmpty(Conflict):
    code = "model_not_empty"
    title = "The model has versions"


class VersionAliased(Conflict):
    code = "version_aliased"
    title = "An alias points at this version"


class IllegalMove(Conflict):
    code = "illegal_move"
    title = "The job's state does not allow this"


class ResultNotReady(Conflict):
    code = "result_not_ready"
    title = "The job has no result"


class AliasChanged(Conflict):
    code = "alias_changed"
    title = "The alias has changed since it was read"


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


class Unavailable(AdalineError):
    code = "unavailable"
    title = "Not available at this moment"


class QueueUnavailable(Unavailable):
    code = "queue_unavailable"
    title = "The queue does not answer"


class DatabaseUnavailable(Unavailable):
    code = "database_unavailable"
    title = "The database does not answer"


class TooManyStreams(Unavailable):
    code = "too_many_streams"
    title = "Too many open streams"


class TooManyBodies(Unavailable):
    code = "too_many_bodies"
    title = "Too many bodies on their way"


class TooManyAnswers(Unavailable):
    code = "too_many_answers"
    title = "Too many answers on their way"


class StorageFull(AdalineError):
    code = "storage_full"
    title = "The disk is full"


class StorageDamaged(AdalineError):
    """Stored bytes are not those that were written. `key` is the blob's, "" for the database."""

    code = "storage_damaged"
    title = "Stored data is damaged"

    def __init__(self, key: str, what: str = "", mend: str = "") -> None:
        self.key = key
        where = f" (blob {key}: its bytes are not those that were written)" if key else ""
        super().__init__(f"{what or 'a stored file'} is damaged{where}; {mend or 'restore it from a backup'}")


class SettingInvalid(AdalineError):
    code = "setting_invalid"
    title = "A setting is wrong"


class AlreadyRunning(AdalineError):
    code = "already_running"
    title = "Adaline already runs on this data directory"


class CannotStart(AdalineError):
    code = "cannot_start"
    title = "Adaline cannot start here"


class WorkFailed(AdalineError):
    """Work that ends as `failed`. The code belongs to the instance: it is stored beside the detail."""

    title = "The work failed"

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = code
