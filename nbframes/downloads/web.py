"""One HTTP request at a time, by the standard library: what the response means, and failures in plain words."""

from __future__ import annotations

import json
import re
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from socket import gaierror
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from nbframes.downloads.retry import RefusedError, TryAgainError

if TYPE_CHECKING:
    from http.client import HTTPMessage, HTTPResponse

_AGENT: Final = "nbframes"
_TOO_FAR: Final = 416
_PROXY_LOGIN: Final = 407
_BUSY: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_RANGE: Final = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)")

NETWORK_ERRORS: Final = (OSError, HTTPException)
"""What a failing transfer raises in `urllib` and `http.client`."""


@dataclass(frozen=True)
class Response:
    """What a server says of a file. Close it after use."""

    url: str
    body: HTTPResponse | urllib.error.HTTPError
    """The bytes, as the standard library hands them over, with their headers."""
    status: int
    start: int
    """Offset in the file of the first byte that follows."""
    total: int | None
    """Bytes of the whole file; None if the server does not tell."""
    etag: str | None
    modified: str | None
    sha256: str | None
    """The file's hash if the server announces one, as Hugging Face does."""

    @property
    def server(self) -> str:
        """Name of the server that was asked."""
        return host(self.url)

    @property
    def beyond(self) -> bool:
        """Whether the range asked for begins at or after the end of the file."""
        return self.status == _TOO_FAR

    @property
    def validator(self) -> str | None:
        """What an ``If-Range`` header may hold for this version of the file."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.modified

    @property
    def ends_clearly(self) -> bool:
        """Whether the end of the response can be told from a broken connection."""
        return self.total is not None or bool(getattr(self.body, "chunked", False))


def get(url: str, *, timeout: float, headers: dict[str, str] | None = None) -> Response:
    """Ask for ``url``. Proxies and certificates are taken from the environment, as always in Python.

    Raises
    ------
    TryAgainError
        If the server is busy or the connection fails.
    RefusedError
        If the server will not give the file.
    """
    fixed = {"User-Agent": _AGENT, "Accept-Encoding": "identity"}
    request = urllib.request.Request(url, headers=fixed | (headers or {}))  # noqa: S310  the registry holds https alone
    redirects = _Redirects()
    try:
        body = urllib.request.build_opener(redirects).open(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        if error.code != _TOO_FAR:
            with error:
                raise _of_status(error, url) from error
        body = error
    except NETWORK_ERRORS as error:
        raise of_network(error, url, timeout) from error
    return _response(url, body, redirects.announced)


def get_json(url: str, *, timeout: float) -> Any:
    """Return the JSON document at ``url``; raises as `get`."""
    with get(url, timeout=timeout).body as body:
        try:
            return json.loads(body.read())
        except ValueError as error:
            msg = f"{host(url)} answered with something that is not JSON"
            raise RefusedError(msg) from error
        except NETWORK_ERRORS as error:
            raise of_network(error, url, timeout) from error


def host(url: str) -> str:
    """Return the name of the server in an address."""
    return urlsplit(url).hostname or url


def of_network(error: BaseException, url: str, timeout: float) -> TryAgainError | RefusedError:
    """Say in plain words why a connection failed, and whether another attempt makes sense."""
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    through = _proxy(url)
    way = f"the proxy {through} (set in the environment)" if through else host(url)
    if isinstance(cause, ssl.SSLCertVerificationError):
        reason = f"the certificate of {host(url)} is not trusted ({cause.verify_message}); behind a proxy that replaces certificates, set SSL_CERT_FILE to its own"
        return RefusedError(reason)
    if isinstance(cause, gaierror):
        return TryAgainError(
            f"{way} cannot be found: there is no connection to the internet, or a proxy is needed (set HTTPS_PROXY)"
        )
    if isinstance(cause, TimeoutError):
        return TryAgainError(f"no answer from {way} for {timeout:g} s")
    if isinstance(cause, ConnectionRefusedError):
        return TryAgainError(f"{way} refuses connections")
    if f"{_PROXY_LOGIN}" in str(cause) and "Tunnel" in str(cause):
        return RefusedError(_login(way))
    return TryAgainError(f"the connection to {way} broke ({cause or type(cause).__name__})")


def _of_status(error: urllib.error.HTTPError, url: str) -> TryAgainError | RefusedError:
    said = f"{host(url)} answers {error.code} {error.reason}".rstrip()
    if error.code in _BUSY:
        return TryAgainError(said, after=_retry_after(error.headers.get("Retry-After")))
    if error.code == _PROXY_LOGIN:
        return RefusedError(_login(f"the proxy {_proxy(url) or host(url)}"))
    if error.code in {404, 410}:
        return RefusedError(f"{said}: the file is not there any more")
    return RefusedError(said)


def _login(proxy: str) -> str:
    return f"{proxy} asks for a login; give it as HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT"


def _proxy(url: str) -> str | None:
    if urllib.request.proxy_bypass(host(url)):
        return None
    address = urllib.request.getproxies().get(urlsplit(url).scheme)
    return address and address.rpartition("@")[2]


def _retry_after(value: str | None) -> float:
    if value is None:
        return 0.0
    if value.strip().isdecimal():
        return float(value)
    try:
        return max((parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return 0.0


def _response(url: str, body: HTTPResponse | urllib.error.HTTPError, announced: str | None) -> Response:
    headers, status = body.headers, body.status or 0
    stated = _RANGE.fullmatch(headers.get("Content-Range", "").strip())
    start = total = None
    if stated is not None:
        start, total = (int(number) if number and number != "*" else None for number in stated.groups())
    if status not in {206, _TOO_FAR}:
        length = headers.get("Content-Length", "")
        start, total = 0, int(length) if length.isdecimal() and not getattr(body, "chunked", False) else None
    return Response(
        url=url,
        body=body,
        status=status,
        start=-1 if start is None else start,
        total=total,
        etag=headers.get("ETag"),
        modified=headers.get("Last-Modified"),
        sha256=announced,
    )


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follow redirects, never from https to http, and note the hash that Hugging Face announces on the way."""

    announced: str | None = None

    def redirect_request(  # noqa: PLR0917  the base class's signature
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        if req.type == "https" and urlsplit(newurl).scheme != "https":
            reason = f"{host(req.full_url)} leads to an unencrypted address"
            raise RefusedError(reason)
        hexadecimal = headers.get("X-Linked-Etag", "").strip('"')
        if _SHA256.fullmatch(hexadecimal):
            self.announced = hexadecimal
        return super().redirect_request(req, fp, code, msg, headers, newurl)
