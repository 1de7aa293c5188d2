"""Traces by OpenTelemetry, where OTEL_EXPORTER_OTLP_ENDPOINT says who collects them; else nothing is imported, and a
span costs a look at a variable.

A trace goes from the request through the queue to the publishing: work keeps the `traceparent` (W3C Trace Context) of
the request that it comes from in its row, so that it stays in its trace however often its message is sent.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")  # OpenTelemetry's own
DELAY = "OTEL_BSP_SCHEDULE_DELAY"
DELAY_MILLISECONDS = 1000  # a process that is killed loses what it has not sent
SERVER_ERROR = 500

log = structlog.get_logger(__name__)
_tracer: Tracer | None = None
_provider: TracerProvider | None = None


def configure_tracing(part: str) -> None:
    """Send the spans of this process, as those of `adaline-api` or `adaline-worker`, where that is configured."""
    global _tracer, _provider
    if _tracer is not None or not any(os.environ.get(name) for name in ENDPOINTS):
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        log.warning(f"{ENDPOINTS[0]} is set, but there are no traces: pip install 'adaline[otel]'")
        return
    os.environ.setdefault(DELAY, str(DELAY_MILLISECONDS))
    name = os.environ.get("OTEL_SERVICE_NAME") or f"adaline-{part}"
    _provider = TracerProvider(resource=Resource.create({"service.name": name}))
    _provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _tracer = _provider.get_tracer("adaline")


def close_tracing() -> None:
    """Send what is left."""
    global _tracer, _provider
    if _provider is not None:
        _provider.shutdown()
    _tracer = _provider = None


@contextlib.contextmanager
def untraced() -> Iterator[None]:
    """What happens within is nobody's work: this process has no spans meanwhile."""
    global _tracer
    kept, _tracer = _tracer, None
    try:
        yield
    finally:
        _tracer = kept


@contextlib.contextmanager
def span(name: str, parent: str | None = None, kind: str = "INTERNAL", **facts: str | int) -> Iterator[None]:
    """What happens within is a span of the trace of `parent` (a traceparent), else of the span around it. Its log lines
    carry the trace's id."""
    if _tracer is None:
        yield
        return
    from opentelemetry.trace import SpanKind, format_trace_id

    with _tracer.start_as_current_span(name, _context(parent), SpanKind[kind], facts) as begun:
        trace_id = format_trace_id(begun.get_span_context().trace_id)
        with structlog.contextvars.bound_contextvars(trace_id=trace_id):
            yield


def request_span(method: str, path: str, traceparent: str | None) -> RequestSpan | None:
    """The span of a request that begins; None where there are no traces."""
    return None if _tracer is None else RequestSpan(_tracer, method, path, traceparent)


class RequestSpan:
    """The span of a request, from its first hook to its last."""

    def __init__(self, tracer: Tracer, method: str, path: str, traceparent: str | None) -> None:
        from opentelemetry import context
        from opentelemetry.trace import SpanKind, format_trace_id, set_span_in_context

        facts = {"http.request.method": method, "url.path": path}
        self._span: Span = tracer.start_span(method, _context(traceparent), SpanKind.SERVER, facts)
        self._token = context.attach(set_span_in_context(self._span))
        structlog.contextvars.bind_contextvars(trace_id=format_trace_id(self._span.get_span_context().trace_id))

    def end(self, method: str, route: str, status: int, request_id: str) -> None:
        from opentelemetry import context

        _describe(self._span, method, route, status, request_id)
        self._span.end()
        context.detach(self._token)


def request_told(
    method: str, route: str, status: int, request_id: str, traceparent: str | None, seconds: float
) -> None:
    """The span of a request that has been answered."""
    if _tracer is None:
        return
    from opentelemetry.trace import SpanKind

    ended = time.time_ns()
    began = ended - int(seconds * 1e9)
    told = _tracer.start_span(method, _context(traceparent), SpanKind.SERVER, start_time=began)
    _describe(told, method, route, status, request_id)
    told.end(ended)


def origin() -> dict[str, str] | None:
    """The request that this thread works for, as work that it makes keeps it: its id, and its place in its trace."""
    said = {"request_id": structlog.contextvars.get_contextvars().get("request_id"), "traceparent": _traceparent()}
    known = {name: text for name, text in said.items() if text}
    return known or None


def _traceparent() -> str | None:
    if _tracer is None:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent")


def _context(parent: str | None) -> Context | None:
    """None: that of the thread."""
    if parent is None:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({"traceparent": parent})


def _describe(told: Span, method: str, route: str, status: int, request_id: str) -> None:
    from opentelemetry.trace import StatusCode

    told.update_name(f"{method} {route}" if route else method)
    told.set_attributes({"http.route": route, "http.response.status_code": status, "adaline.request_id": request_id})
    if status >= SERVER_ERROR:
        told.set_status(StatusCode.ERROR)
