"""/ui: the pages, built from `service/dashboard` into files that are held in memory; the rest they ask the API for."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from flask import Flask, Response, redirect, request

import service
from service.errors import NotFound

BASE = "/ui"
BUILT = Path(service.__file__).parent / "dashboard" / "built"
FIRST = "index.html"
MEDIA_TYPES = MappingProxyType(
    {
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".svg": "image/svg+xml",
        ".json": "application/json",
        ".csv": "text/csv; charset=utf-8",
    }
)
# the name of an asset changes with its bytes; the page that names them is asked for each time
KEPT = "public, max-age=31536000, immutable"
ASKED = "no-cache"
# scripts, styles and data come from this server alone; `data:` and `blob:` are pictures that the pages draw themselves
POLICY = "; ".join(
    (
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data: blob:", "font-src 'self'",
        "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BuiltFile:
    """A file as it is sent, plain and compressed."""

    media_type: str
    plain: bytes
    packed: bytes
    etag: str
    cache: str


def read_built(root: Path = BUILT) -> Mapping[str, BuiltFile]:
    """The built files by their path below `root`; none where they were not built."""
    return {path.relative_to(root).as_posix(): _read(path, root) for path in sorted(root.rglob("*")) if path.is_file()}


def _read(path: Path, root: Path) -> BuiltFile:
    plain = path.read_bytes()
    cache = KEPT if path.parent != root else ASKED
    etag = hashlib.sha256(plain).hexdigest()[:32]
    return BuiltFile(MEDIA_TYPES[path.suffix], plain, gzip.compress(plain, 9, mtime=0), etag, cache)


def register(app: Flask, root: Path = BUILT) -> None:
    """Serve the pages below /ui, and lead there from /."""
    files = read_built(root)

    def front() -> Response:
        return redirect(f"{BASE}/")  # type: ignore[return-value]  # werkzeug's own Response, of which Flask's is one

    def page(path: str = "") -> Response:
        """A file; for the path of a page, the first one, which shows that page."""
        found = files.get(path)
        if found is None and not path.startswith("assets/"):
            found = files.get(FIRST)
        if found is None:
            raise NotFound(
                "there is no such file; the pages may have been upgraded: load the page again"
                if files
                else "the pages were not built; in a checkout, `make pages` does"
            )
        return _answer(found)

    app.add_url_rule("/", "front", front)
    app.add_url_rule(BASE, "page", page)
    app.add_url_rule(f"{BASE}/<path:path>", "page", page)


def _answer(found: BuiltFile) -> Response:
    is_packed = request.accept_encodings["gzip"] > 0
    answer = Response(found.packed if is_packed else found.plain, content_type=found.media_type)
    if is_packed:
        answer.headers["Content-Encoding"] = "gzip"
    answer.headers["Vary"] = "Accept-Encoding"
    answer.headers["Cache-Control"] = found.cache
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["Referrer-Policy"] = "same-origin"
    answer.set_etag(found.etag + ("-gzip" if is_packed else ""))
    answer.make_conditional(request)
    return answer
