"""A real receiver of OTLP over HTTP: it decodes what exporters send, and keeps the spans."""

from __future__ import annotations

import contextlib
import gzip
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


@dataclass(frozen=True, slots=True)
class Received:
    """A span: of which service, and where in its trace. `parent` is empty for the first."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    facts: dict[str, str]


class Collector:
    """The spans that have come so far, and the address that takes more."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.spans: list[Received] = []
        self._lock = threading.Lock()

    def take(self, message: ExportTraceServiceRequest) -> None:
        with self._lock:
            for of_resource in message.resource_spans:
                service = next(
                    it.value.string_value for it in of_resource.resource.attributes if it.key == "service.name"
                )
                for scope in of_resource.scope_spans:
                    for span in scope.spans:
                        facts = {it.key: it.value.string_value or str(it.value.int_value) for it in span.attributes}
                        ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
                        self.spans.append(Received(service, span.name, *ids, facts))

    def named(self, name: str) -> list[Received]:
        with self._lock:
            return [span for span in self.spans if span.name == name]


@contextlib.contextmanager
def collecting() -> Iterator[Collector]:
    """A receiver on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            if self.path == "/v1/traces":
                collector.take(ExportTraceServiceRequest.FromString(body))
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector = Collector(f"http://127.0.0.1:{server.server_address[1]}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield collector
        finally:
            server.shutdown()
