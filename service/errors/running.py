"""What is wrong with the service and what it stands on: settings, storage, the queue, work that failed."""

from __future__ import annotations

from service.errors.root import AdalineError


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
    """Work that ends as `failed`. The code is the instance's own: it is stored beside the detail."""

    title = "The work failed"

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
