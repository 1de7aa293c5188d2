"""What is wrong with the service and what it stands on: settings, storage, the queue, work that failed."""

from __future__ import annotations

from service.errors.root import AdalineError


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
    """Work that ends as `failed`. The code is the instance's own: it is stored beside the detail."""

    title = "Work failed"

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
