"""The events of a job: as JSON, long-polled, or as a stream of server-sent events (WHATWG HTML, section 9.2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

import orjson
from flask import Response, request

from service.api.admission.admit import check_still_admitted, identity
from service.api.context import Context, context
from service.api.schemas.jobs import EventSchema
from service.domain.access.identity import Identity
from service.domain.jobs.lifecycle import is_terminal
from service.errors import FieldError, JobNotFound, ParameterInvalid, Unauthenticated
from service.store import jobs
from service.store.tables import EventRow

MOST = 1000  # events in one answer, or read at once for a stream
HEARTBEAT_SECONDS = 5.0  # how long a stream that nobody reads any more keeps its place
STREAM = "text/event-stream"


def events_answer(id: str, query: dict[str, Any], headers: dict[str, Any]) -> Any:
    """The events after the one that the client has, in the form that it accepts. Raises JobNotFound, TooManyStreams."""
    here, who = context(), identity()
    if _wants_stream():
        return _stream(here, who, id, _last_known(headers.get("last_event_id"), query["after"]))
    after = query["after"]

    def look() -> tuple[Sequence[EventRow], bool] | None:
        events, over = _read(here, who, id, after)
        return (events, over) if events or over else None

    found, _ = here.waiting.hold(id, look, query["wait"])
    events, over = found or ((), False)
    return {"data": events, "next": events[-1].seq if events else after, "is_terminal": over}


def _wants_stream() -> bool:
    accepted = request.accept_mimetypes
    # asked for by name: a browser's */* gets JSON
    return request.method == "GET" and any(value == STREAM and quality for value, quality in accepted)


def _last_known(last_event_id: str | None, after: int) -> int:
    if last_event_id is None:
        return after
    if not (last_event_id.isdecimal() and last_event_id.isascii() and len(last_event_id) < 16):
        detail = "must be the `seq` of an event, a whole number"
        raise ParameterInvalid(f"Last-Event-ID: {detail}", [FieldError("/Last-Event-ID", detail)])
    return int(last_event_id)


def _read(here: Context, who: Identity, id: str, after: int) -> tuple[Sequence[EventRow], bool]:
    """The next events, and whether the job has none after them."""
    with here.deps.database.read() as session:
        state = jobs.state(session, who.owner, id)  # before its events: when it has ended, all of them are there
        events = jobs.events_after(session, id, after, MOST)
    return events, is_terminal(state) and len(events) < MOST


def _stream(here: Context, who: Identity, id: str, after: int) -> Response:
    events, over = _read(here, who, id, after)  # a job that does not exist is told by a status, not in the stream
    if over and not events:
        return Response(status=HTTPStatus.NO_CONTENT)  # what ends an EventSource: it comes back after any other end
    release = here.waiting.stream()
    answer = Response(_told(here, who, id, after), mimetype=STREAM, headers={"Cache-Control": "no-store"})
    answer.headers["X-Accel-Buffering"] = "no"  # what nginx and its kin take as: pass it on at once
    answer.call_on_close(release)  # also when the client leaves before the first event
    return answer


class _News(NamedTuple):
    """What a stream is told next: events as they are sent, the last one's `seq`, whether there are more, or never."""

    lines: bytes
    last: int
    is_more: bool
    over: bool


def _told(here: Context, who: Identity, id: str, after: int) -> Iterator[bytes]:
    def look() -> _News | None:
        check_still_admitted(here, who)
        # streams of one job that are as far are woken by the same change: one of them reads it for all
        news: _News = here.looks.look((who.owner, id, after), lambda: _news(here, who, id, after))
        return news if news.lines or news.over else None

    yield b"retry: 1000\n\n"
    with here.deps.changes.watch(id) as watch:
        while not here.deps.changes.closed:
            try:
                news = watch.wait(look, HEARTBEAT_SECONDS)
            except (JobNotFound, Unauthenticated):  # it was deleted at once after its end; or the key was revoked
                return
            if news is None:
                yield b": still here\n\n"
                continue
            yield news.lines
            after = news.last
            if news.over:
                return
            if news.is_more:
                watch.look_again()


def _news(here: Context, who: Identity, id: str, after: int) -> _News:
    events, over = _read(here, who, id, after)
    last = events[-1].seq if events else after
    return _News(b"".join(map(_line, events)), last, len(events) == MOST, over)


def _line(event: EventRow) -> bytes:
    data = orjson.dumps(EventSchema().dump(event)).decode()
    return f"id: {event.seq}\nevent: {event.type}\ndata: {data}\n\n".encode()
