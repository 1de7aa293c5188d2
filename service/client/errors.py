"""What a call to Adaline can raise.

ClientError
├── Problem               the server answered that it will not: status, code, detail, errors, request_id
│   ├── Invalid           what was sent cannot be used (400, 413, 415, 422 and the other 4xx)
│   ├── Denied            401, 403
│   ├── NotFound          404, 410
│   ├── Conflict          409, 412
│   ├── Unavailable       429, 503: the same call may work later; `retry_after` seconds
│   └── ServerFault       the other 5xx
├── Unreachable           no answer came
├── DownloadDamaged       what came is not what the server named
├── Occupied              files of other content stand where a download would write
└── Failed                the work was taken on and did not succeed
    ├── DatasetFailed
    ├── JobFailed
    └── JobCancelled
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from service.client.records import Dataset, Job


class ClientError(Exception):
    """The root of everything that this client raises by itself."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong at one place: a JSON pointer (RFC 6901) into what was sent, and how to fix it."""

    pointer: str
    detail: str


class Problem(ClientError):
    """An answer that is not 2xx, read from `application/problem+json` (RFC 9457) where it is that."""

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        detail: str,
        errors: tuple[FieldError, ...] = (),
        request_id: str | None = None,
        retry_after: float | None = None,
        references: tuple[Mapping[str, Any], ...] = (),
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.errors = errors
        self.request_id = request_id
        self.retry_after = retry_after
        self.references = references

    def __str__(self) -> str:
        """The detail, and a line for each place that is wrong when that says more."""
        lines = [f"{error.pointer}: {error.detail}" for error in self.errors if error.pointer]
        if len(lines) == 1 and self.detail in (self.errors[0].detail, lines[0]):
            return lines[0]
        return "\n".join([self.detail, *lines])


class Invalid(Problem):
    """What was sent cannot be used as it is; `errors` points into it."""


class Denied(Problem):
    """The caller may not do this."""


class NotFound(Problem):
    """There is no such thing."""


class Conflict(Problem):
    """The present state does not allow it; `references` are what stands in the way, where the server lists it."""


class Unavailable(Problem):
    """Not at this moment: the same call may work later."""


class ServerFault(Problem):
    """The server failed; `request_id` finds the reason in its log."""


class Unreachable(ClientError):
    """No answer came from the server."""


class DownloadDamaged(ClientError):
    """A file came with other bytes than the server says that it has; nothing of it was kept."""

    def __init__(self, name: str, expected: str, found: str) -> None:
        super().__init__(f"{name} came with SHA-256 {found[:12]}…, not {expected[:12]}…; download it again")


class Occupied(ClientError):
    """`names` in `directory` are files already, of other content; nothing was written."""

    def __init__(self, directory: Path, names: list[str]) -> None:
        listed = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        super().__init__(
            f"{directory} already has {listed} with other content; choose another directory, or allow them to be "
            "replaced"
        )
        self.directory = directory
        self.names = names


class Failed(ClientError):
    """Work that ended without success: `code` and `detail` say why."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        self.code = str(error.get("code", "failed"))
        self.detail = str(error.get("detail", "no reason given"))
        super().__init__(self.detail)


class DatasetFailed(Failed):
    """The upload could not be read as a table."""

    def __init__(self, dataset: Dataset) -> None:
        super().__init__(dataset.error or {})
        self.dataset = dataset


class JobFailed(Failed):
    """The job ended as failed."""

    def __init__(self, job: Job) -> None:
        super().__init__(job.error or {})
        self.job = job


class JobCancelled(Failed):
    """The job was cancelled."""

    def __init__(self, job: Job) -> None:
        super().__init__({"code": "cancelled", "detail": f"job {job.id} was cancelled"})
        self.job = job


_BY_STATUS: Mapping[int, type[Problem]] = {
    401: Denied,
    403: Denied,
    404: NotFound,
    410: NotFound,
    409: Conflict,
    412: Conflict,
    429: Unavailable,
    503: Unavailable,
}


NO_SUCH_PATH = frozenset({400, 404, 405, 410, 411, 415, 422, 501})


def problem_of(response: httpx.Response) -> Problem:
    """The exception for an answer that is not 2xx, whoever wrote it. The body must have been read."""
    status = response.status_code
    body = _body_of(response)
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else f"HTTP {status}"
    kind = _BY_STATUS.get(status, ServerFault if status >= 500 else Invalid)
    return kind(
        status=status,
        code=str(body.get("code") or f"http_{status}"),
        title=str(body.get("title") or phrase),
        detail=str(body.get("detail") or body.get("title") or f"the server answered {status} {phrase}"),
        errors=tuple(
            FieldError(str(error.get("pointer", "")), str(error.get("detail", "")))
            for error in body.get("errors") or ()
            if isinstance(error, Mapping)
        ),
        request_id=body.get("request_id"),
        retry_after=retry_after_of(response),
        references=tuple(one for one in body.get("references") or () if isinstance(one, Mapping)),
    )


def stranger(url: str, why: str) -> Unreachable:
    """The exception for a server that is another one."""
    return Unreachable(f"the server at {url} is not Adaline: {why}; check the address and the port")


def stranger_of(url: str, response: httpx.Response) -> Unreachable | None:
    """That exception, for an answer that a server gives which has no such path; None for one that Adaline has written,
    or something between here and there. The body must have been read."""
    if response.has_redirect_location:
        moved = response.headers["location"]
        return stranger(url, f"it redirects to {moved}")
    body = _body_of(response)
    if response.status_code not in NO_SUCH_PATH or "code" in body or "request_id" in body:
        return None
    server = response.headers.get("server")
    named = f" by {server}" if server else ""
    phrase = HTTPStatus(response.status_code).phrase
    return stranger(url, f"it answered {response.status_code} {phrase}{named}, not in Adaline's format")


def retry_after_of(response: httpx.Response) -> float | None:
    """The Retry-After header in seconds; None when it is absent or a date."""
    try:
        return max(0.0, float(response.headers.get("retry-after", "")))
    except ValueError:
        return None


def _body_of(response: httpx.Response) -> Mapping[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, Mapping) else {}
