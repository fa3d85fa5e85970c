"""A real HTTP server on loopback that answers as scripted, and honestly once the script is used up."""

from __future__ import annotations

import contextlib
import hashlib
import random
import threading
from collections import deque
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from nbframes.downloads import RetryPolicy, Source, download

if TYPE_CHECKING:
    from pathlib import Path

HASTY = RetryPolicy(timeout=0.5, attempts=3, pause=0.0, longest_wait=2.0, slowest=1e6)
CONTENT = b"\x80\x04" + random.Random(0).randbytes(200_000)
OTHER = b"\x80\x04" + bytes(200_000)


@dataclass(frozen=True)
class Reply:
    """How one request is answered; the defaults are those of an honest server."""

    body: bytes = CONTENT
    etag: str | None = '"v1"'
    modified: str | None = None
    ranges: bool = True
    status: int | None = None
    cut: int | None = None
    """Close the connection after so many bytes of the body."""
    stall: int | None = None
    """Send so many bytes of the body and then nothing more."""
    trickle: bool = False
    """Send a few bytes now and then."""
    length: int | None = None
    """A Content-Length that is not true."""
    chunked: bool = False
    endless: bool = False
    """Neither a length nor chunks: the end of the connection is the end of the file."""
    headers: dict[str, str] = field(default_factory=dict)


class Site:
    """What the server gives, and what it was asked."""

    content = CONTENT

    def __init__(self) -> None:
        self.honest = Reply()
        self.script: deque[Reply] = deque()
        self.asked: list[dict[str, str]] = []
        self.over = threading.Event()
        self.url = ""

    def answers(self, *replies: dict) -> None:
        """Answer the next requests like this, each reply given by its differences from an honest one."""
        self.script.extend(replace(self.honest, **reply) for reply in replies)

    def always(self, **reply) -> None:
        self.honest = replace(self.honest, **reply)

    @property
    def ranges(self) -> list[str | None]:
        return [headers.get("range") for headers in self.asked]


@pytest.fixture
def site(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    given = Site()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            given.asked.append({"path": self.path} | {key.lower(): value for key, value in self.headers.items()})
            _answer(self, given.script.popleft() if given.script else given.honest, given)
            self.close_connection = True

        def do_CONNECT(self):
            self.do_GET()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    given.url = f"http://127.0.0.1:{server.server_port}/file.pkl"
    yield given
    given.over.set()
    server.shutdown()
    server.server_close()
    thread.join()


def _answer(handler, reply, site):
    start, status = 0, reply.status or 200
    asked = handler.headers.get("Range")
    if_range = handler.headers.get("If-Range")
    if reply.status is None and asked and reply.ranges and if_range in {None, reply.etag, reply.modified}:
        start = int(asked.removeprefix("bytes=").removesuffix("-"))
        status = 206 if start < len(reply.body) else 416
    body = b"" if status == 416 or (reply.status or 0) >= 300 else reply.body[start:]
    headers = {"ETag": reply.etag, "Last-Modified": reply.modified, "Content-Type": "application/octet-stream"}
    if status == 206:
        headers["Content-Range"] = f"bytes {start}-{len(reply.body) - 1}/{len(reply.body)}"
    if status == 416:
        headers["Content-Range"] = f"bytes */{len(reply.body)}"
    if reply.chunked:
        headers["Transfer-Encoding"] = "chunked"
    elif not reply.endless:
        headers["Content-Length"] = str(len(body) if reply.length is None else reply.length)
    handler.send_response(status)
    for key, value in (headers | reply.headers).items():
        if value is not None:
            handler.send_header(key, value)
    handler.end_headers()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        _send(handler, reply, body, site)


def _send(handler, reply, body, site):
    sent = body[: reply.cut if reply.stall is None else reply.stall]
    if reply.chunked:
        for at in range(0, len(sent), 30_000):
            piece = sent[at : at + 30_000]
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        handler.wfile.write(b"0\r\n\r\n" if reply.cut is None else b"")
    elif reply.trickle:
        for at in range(0, 4_000, 10):
            handler.wfile.write(sent[at : at + 10])
            if site.over.wait(0.02):
                return
    else:
        handler.wfile.write(sent)
    handler.wfile.flush()
    if reply.stall is not None:
        site.over.wait(10)


@pytest.fixture
def source(site) -> Source:
    """A file of which nothing is known but its address."""
    return Source(
        benchmark="nb101",
        variant="test",
        name="file.pkl",
        title="a test",
        holds="random bytes",
        licence="none",
        citation="none",
        kind="pickle",
        urls=(site.url,),
    )


@pytest.fixture
def published(source) -> Source:
    """The same file with its published hash."""
    return replace(source, size=len(CONTENT), sha256=hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture
def fetch(monkeypatch, tmp_path: Path):
    """Download a source into the test's folder, giving up soon."""

    def run(source, **options):
        monkeypatch.setattr("nbframes.downloads.find", lambda name, variant: source)
        return download("nb101", **({"to": tmp_path, "progress": False, "retry_policy": HASTY} | options))

    return run


@pytest.fixture(params=["published", "source"], ids=["hash known", "hash unknown"])
def either(request):
    """A file whose hash is published, and one of which nothing is known."""
    return request.getfixturevalue(request.param)


def kept(tmp_path):
    part = tmp_path / "file.pkl.part"
    return part.read_bytes() if part.exists() else None
