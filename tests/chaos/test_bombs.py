"""Bodies that would unpack to more than anyone has: refused soon, with memory flat."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import zstandard

from service.wiring import Deps
from tests.integration.api.serving import Server

SECONDS = 2
MEGABYTES = 40
MEMBER = 100_000_000
CSV = {"Content-Type": "text/csv"}
GZIP = {**CSV, "Content-Encoding": "gzip"}


def bomb(size: int = MEMBER) -> bytes:
    """Zeros at gzip's best: about 1030 to 1."""
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(bytes(1_000_000)) for _ in range(size // 1_000_000)) + packer.flush()


def form(data: bytes, name: str) -> bytes:
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    return head.encode() + data + b"\r\n--b--\r\n"


OF_FORM = {"Content-Type": "multipart/form-data; boundary=b"}
BOMBS: dict[str, Callable[[], tuple[bytes, dict[str, str]]]] = {
    "gzip": lambda: (bomb(), GZIP),
    "gzip of many members": lambda: (bomb() * 100, GZIP),
    "gzip after honest rows": lambda: (gzip.compress(b"a,b\n1,2\n" * 100) + bomb() * 10, GZIP),
    "zstd": lambda: (zstandard.compress(bytes(MEMBER)), {**CSV, "Content-Encoding": "zstd"}),
    "zstd of many frames": lambda: (zstandard.compress(bytes(MEMBER)) * 1000, {**CSV, "Content-Encoding": "zstd"}),
    "file of a form": lambda: (form(bomb(), "x.csv.gz"), OF_FORM),
    "zstd file of a form": lambda: (form(zstandard.compress(bytes(MEMBER)), "x.csv.zst"), OF_FORM),
    "packed form": lambda: (gzip.compress(form(bytes(MEMBER), "x.csv")), {**OF_FORM, "Content-Encoding": "gzip"}),
    "bomb in a bomb": lambda: (
        gzip.compress(form(bomb(), "x.csv.gz")),
        {**OF_FORM, "Content-Encoding": "gzip"},
    ),
    "gzip of gzip": lambda: (form(gzip.compress(bomb(10 * MEMBER)), "x.csv.gz"), {**OF_FORM}),
    "preview": lambda: (bomb(), GZIP),
}


def test_bombs_are_refused_soon_and_with_memory_flat(serve: Callable[..., Server], deps: Deps) -> None:
    server = serve()
    server.http.post("/v1/datasets", content=gzip.compress(b"a\n1\n"), headers=GZIP)  # what is loaded once
    for case, made in BOMBS.items():
        body, headers = made()
        path = "/v1/datasets?preview=true" if case == "preview" else "/v1/datasets"
        with server.growth() as grown:
            began = _computed(server)
            answer = server.http.post(path, content=body, headers=headers)
            seconds = _computed(server) - began
        wanted = (200, 400, 413, 422) if case in ("gzip of gzip", "preview") else (413,)
        assert answer.status_code in wanted, (case, answer.text)
        assert seconds < SECONDS, case  # of processor time, which others do not take
        assert grown[0] < MEGABYTES, case
    assert list((deps.settings.data / "blobs" / "spool").iterdir()) == []
    assert len(server.http.get("/v1/datasets").json()["data"]) == 1


def _computed(server: Server) -> float:
    return float(sum(server.worker.cpu_times()[:2]))


def test_bombs_at_once_are_as_harmless(serve: Callable[..., Server]) -> None:
    server = serve()
    body = zstandard.compress(bytes(MEMBER)) * 10
    headers = {**CSV, "Content-Encoding": "zstd"}
    with server.growth() as grown, ThreadPoolExecutor(16) as many:
        answers = list(many.map(lambda _: server.http.post("/v1/datasets", content=body, headers=headers), range(64)))
    assert {answer.status_code for answer in answers} == {413}
    assert grown[0] < 16 * MEGABYTES / 2


def test_documents_that_become_large_are_used_by_few_at_once(serve: Callable[..., Server]) -> None:
    server = serve()
    body = gzip.compress(b'{"records":[' + b"{}," * 300_000 + b"NaN]}")
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}

    def send(_: int) -> int:
        return server.http.post("/v1/predict", content=body, headers=headers).status_code

    send(0)  # what is loaded once
    with server.growth() as grown, ThreadPoolExecutor(12) as many:
        assert set(many.map(send, range(36))) == {400}
    assert grown[0] < 6 * MEGABYTES  # twelve at once took 400
    assert server.resident_megabytes < 300


@pytest.mark.parametrize("size", [1_000_000])
def test_what_is_dense_but_small_is_read(serve: Callable[..., Server], size: int) -> None:
    server = serve()
    answer = server.http.post("/v1/datasets", content=gzip.compress(b"a\n" * (size // 2)), headers=GZIP)
    assert answer.status_code == 202
