"""One request to the server: what is repeated when it fails, how long it may wait, and what its answer means.

Repeated are requests that change nothing by being sent twice, and only a few times: after a lost connection once the
server has been reached before, and after a 429 or 503 that says when to come back.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import httpx

from service.client.errors import Unreachable, problem_of, retry_after_of, stranger, stranger_of
from service.client.records import NotOurs, R

RETRIES = 5
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0
CHUNK_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Call:
    """A request. `wait_seconds` is how long the server was asked to hold the answer.

    `repeatable` says that sending it twice is no harm; None: so for GET, PUT and DELETE.
    """

    method: str
    path: str
    params: Mapping[str, Any] | None = None
    json: Any = None
    content: bytes | BinaryIO | None = None
    headers: Mapping[str, str] | None = None
    repeatable: bool | None = None
    wait_seconds: float = 0


class Connection:
    """A pool of connections to one server. Safe to share between threads."""

    def __init__(
        self, url: str, timeout: float, headers: Mapping[str, str] | None, transport: httpx.BaseTransport | None
    ) -> None:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
            raise ValueError(f"{url!r} is not a server's address; write it as http://127.0.0.1:8000")
        self.url = url.rstrip("/")
        self._timeout = timeout
        self._http = httpx.Client(
            base_url=self.url,
            headers={"User-Agent": "adaline-client", "Accept": "application/json", **(headers or {})},
            transport=transport,
        )
        self._has_answered = False

    def close(self) -> None:
        self._http.close()

    def send(self, call: Call) -> httpx.Response:
        """The answer, read whole. Raises Problem for one that is not 2xx, Unreachable when none came."""
        return self._exchange(call, stream=False)

    def json(self, call: Call) -> Any:
        """The body of the answer as JSON. Raises what `send` raises."""
        response = self.send(call)
        try:
            return response.json()
        except ValueError:
            kind = response.headers.get("content-type", "something else")
            raise stranger(self.url, f"it gave {kind} where JSON was expected") from None

    def record(self, kind: type[R], call: Call) -> R:
        """The body of the answer as a record. Raises what `json` raises."""
        return self.read(kind, self.json(call))

    def read(self, kind: type[R], answer: Any) -> R:
        """A part of an answer as a record. Raises Unreachable for what no Adaline answers."""
        try:
            return kind.of(answer)
        except NotOurs as error:
            raise stranger(self.url, str(error)) from None

    @contextmanager
    def stream(self, call: Call) -> Iterator[httpx.Response]:
        """The answer, its body still to be read. Raises what `send` raises."""
        response = self._exchange(call, stream=True)
        try:
            yield response
        except httpx.TransportError as error:
            raise self._unreachable(call, error) from error
        finally:
            response.close()

    def _exchange(self, call: Call, stream: bool) -> httpx.Response:
        body = _Body(call.content)
        repeatable = call.method in ("GET", "PUT", "DELETE") if call.repeatable is None else call.repeatable
        retries = RETRIES if repeatable and body.can_be_sent_again else 0
        attempt = 0
        while True:
            attempt += 1
            try:
                response = self._http.send(self._request(call, body), stream=stream)
            except httpx.TransportError as error:
                if attempt > retries or not self._has_answered:
                    raise self._unreachable(call, error) from error
                pause = 0.0
            else:
                self._has_answered = True
                if response.is_success:
                    return response
                comes_back = retry_after_of(response) if response.status_code in (429, 503) else None
                if comes_back is None or comes_back > LONGEST_PAUSE_SECONDS or attempt > retries:
                    raise self._problem(call, response)
                response.close()
                pause = comes_back
            time.sleep(max(pause, min(FIRST_PAUSE_SECONDS * 2.0 ** (attempt - 1), LONGEST_PAUSE_SECONDS)))

    def _request(self, call: Call, body: _Body) -> httpx.Request:
        return self._http.build_request(
            call.method,
            call.path,
            params={name: value for name, value in (call.params or {}).items() if value is not None},
            json=call.json,
            content=body.from_its_start(),
            headers={**body.headers, **(call.headers or {})},
            timeout=httpx.Timeout(self._timeout, read=self._timeout + call.wait_seconds),
        )

    def _problem(self, call: Call, response: httpx.Response) -> Exception:
        try:
            response.read()
        except httpx.TransportError as error:
            return self._unreachable(call, error)
        finally:
            response.close()
        return stranger_of(self.url, response) or problem_of(response)

    def _unreachable(self, call: Call, error: httpx.TransportError) -> Unreachable:
        if isinstance(error, httpx.ConnectError) and "SSL" in str(error):
            return stranger(self.url, f"the TLS handshake failed ({error}); without TLS use http://…")
        if isinstance(error, httpx.RemoteProtocolError) and not self._has_answered:
            return Unreachable(
                f"the answer from {self.url} is not HTTP ({error}): check the address and the port, and that `adaline "
                "serve` still runs there"
            )
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            return Unreachable(
                f"no Adaline server answers at {self.url}: start one with `adaline serve`, or check the address"
            )
        if isinstance(error, httpx.TimeoutException):
            return Unreachable(
                f"{self.url} did not answer in {self._timeout + call.wait_seconds:g} s: "
                "check the output of `adaline serve`, or give it more time (timeout)"
            )
        return Unreachable(
            f"the connection to {self.url} was lost ({str(error) or type(error).__name__}): "
            "check that `adaline serve` still runs, then try again"
        )


class _Body:
    """The content of a request, which a further attempt sends from its start again.

    httpx would tell the length of a file by its descriptor: wrong for a pipe, and for a file read from its middle.
    """

    def __init__(self, content: bytes | BinaryIO | None) -> None:
        self._content = content
        self._start: int | None = None
        self.headers: dict[str, str] = {}
        self.can_be_sent_again = True
        if content is not None and not isinstance(content, bytes):
            self.can_be_sent_again = content.seekable()
            if self.can_be_sent_again:
                self._start = content.tell()
                self.headers["Content-Length"] = str(content.seek(0, os.SEEK_END) - self._start)

    def from_its_start(self) -> bytes | Iterator[bytes] | None:
        if self._content is None or isinstance(self._content, bytes):
            return self._content
        if self._start is not None:
            self._content.seek(self._start)
        return _chunks(self._content)


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        yield chunk
