"""Resources that are not there, or whose state does not allow what is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from service.errors.root import AdalineError


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


class ShareNotFound(NotFound):
    code = "share_not_found"
    title = "Not shared"


class KeyNotFound(NotFound):
    code = "key_not_found"
    title = "No such key"


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
