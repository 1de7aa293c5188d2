"""A real HTTP server on loopback that is told things, and answers as a test wants."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Receiver:
    """`received` are the headers and bodies of what came; `answer` writes the answer to each."""

    url: str = ""
    answer: Callable[[BaseHTTPRequestHandler], None] = lambda asked: plain(asked, 204)
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))


def plain(asked: BaseHTTPRequestHandler, status: int, **headers: str) -> None:
    """An answer without a body."""
    asked.send_response(status)
    for name, value in headers.items():
        asked.send_header(name, value)
    asked.send_header("Content-Length", "0")
    asked.end_headers()


@contextlib.contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver, until the end."""
    here = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            here.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
            here.arrived.release()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                here.answer(self)

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    here.url = f"http://127.0.0.1:{server.server_address[1]}/told"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield here
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
