"""One webhook over HTTP: the notifier's only outgoing connection.

An endpoint's address is written by a stranger, so this module guards against server-side request forgery: the URL is
read strictly, its name is resolved once, every resolved address is checked, and the connection goes to a checked
address while TLS still proves the name. Redirects, proxies and cookies do not exist here.
"""

import asyncio
import functools
import re
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Final, TypeAlias

import httpcore
import httpx
import idna

from services.notifier.domain.addresses import Address, AddressPolicy
from services.notifier.domain.retries import parse_retry_after

Resolver: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host name and port to textual IP addresses; raises OSError when the name is unknown."""

USER_AGENT: Final = "PianoVivo-Webhook/1"
MAX_URL_LENGTH: Final = 2048
MAX_ADDRESSES_TRIED: Final = 4
MAX_ERROR_LENGTH: Final = 500

# No userinfo, fragment, backslash or blank, and no "%" in the authority (encoded names, IPv6 zones).
_URL_SHAPE: Final = re.compile(r"https?://[^\s/?#@\\%]+([/?][^\s\\#]*)?", re.IGNORECASE)
_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
# Whatever ends in a number is read as IPv4 by some resolver: 127.1, 0x7f.1, 2130706433.
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")


class EndpointRefused(ValueError):
    """This URL or address must not be contacted; the message says where and why, without the URL's secret path."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A webhook URL taken apart; `host` is lower-case ASCII (A-labels) or an IP address without brackets."""

    scheme: str
    host: str
    port: int
    target: bytes
    on_loopback: bool

    @property
    def authority(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.authority}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt; `error` says what failed, where and why, and may stand beside a `status`."""

    status: int | None
    error: str | None
    duration_ms: int
    body_head: str
    retry_after: timedelta | None


@dataclass(slots=True)
class _Answer:
    """Filled while it arrives, so that a cut exchange keeps what came before the cut."""

    status: int | None = None
    retry_after: timedelta | None = None
    body: bytes = b""


def parse_endpoint(url: str, policy: AddressPolicy) -> Endpoint:
    """Take a webhook URL apart strictly, without resolving it; also for checking a URL when it is registered.

    Raises:
        EndpointRefused: the URL is malformed, ambiguous or not allowed by the policy.
    """
    if len(url) > MAX_URL_LENGTH or not url.isprintable() or not _URL_SHAPE.fullmatch(url):
        raise EndpointRefused(
            f"webhook URL refused: not an http(s) URL of at most {MAX_URL_LENGTH} characters"
            " without user name, fragment, blanks and backslashes"
        )
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise EndpointRefused(f"webhook URL refused: {error}") from None
    port = parsed.port if parsed.port is not None else {"https": 443, "http": 80}[parsed.scheme]
    candidate = Endpoint(parsed.scheme, parsed.raw_host.decode("ascii"), port, parsed.raw_path, on_loopback=False)
    if candidate.authority in policy.loopback_endpoints:
        return Endpoint(candidate.scheme, candidate.host, port, candidate.target, on_loopback=True)
    _require_public_host(candidate.host)
    if candidate.scheme != "https":
        raise EndpointRefused(f"{candidate.origin} refused: webhooks are sent over https only")
    if port not in policy.ports:
        raise EndpointRefused(f"{candidate.origin} refused: port not among {sorted(policy.ports)}")
    return candidate


def _require_public_host(host: str) -> None:
    if _literal(host) is not None:
        return
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        raise EndpointRefused(f"host {host!r} refused: an IPv4 address is written as four decimal numbers")
    if len(host) > 253 or len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        raise EndpointRefused(f"host {host!r} refused: not a full DNS name without trailing dot")
    try:
        idna.encode(host)
    except idna.IDNAError as error:
        raise EndpointRefused(f"host {host!r} refused: {error}") from None


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


async def resolve_by_system(host: str, port: int) -> list[str]:
    """The operating system's answer (`getaddrinfo`), in its order of preference."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


async def _checked_addresses(endpoint: Endpoint, policy: AddressPolicy, resolve: Resolver) -> list[Address]:
    """Resolve once and check every answer: one forbidden address condemns the name."""
    literal = _literal(endpoint.host)
    if literal is not None:
        addresses = [literal]
    else:
        found = await resolve(endpoint.host, endpoint.port)
        addresses = list(dict.fromkeys(ip_address(text) for text in found))
    if not addresses:
        raise EndpointRefused(f"{endpoint.origin} not contacted: {endpoint.host} has no address")
    for address in addresses:
        reason = policy.refusal(address, on_loopback=endpoint.on_loopback)
        if reason is not None:
            raise EndpointRefused(f"{endpoint.origin} not contacted: {endpoint.host} is at {address}, {reason}")
    return addresses[:MAX_ADDRESSES_TRIED]


class _PinnedBackend(httpcore.AsyncNetworkBackend):
    """Connects to the checked addresses, in order, whatever name is asked for: a second resolution could differ."""

    def __init__(self, addresses: Sequence[Address]) -> None:
        self._addresses = addresses
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        # Each address gets its share, so a dead IPv6 route does not use up the time of a working IPv4 one.
        share = None if timeout is None else timeout / len(self._addresses)
        failures = []
        for address in self._addresses:
            try:
                return await self._network.connect_tcp(str(address), port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failure:
                failures.append(f"{address}: {failure or 'no answer'}")
        raise httpcore.ConnectError("; ".join(failures))


@functools.cache
def _public_trust() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


async def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    policy: AddressPolicy,
    timeout: float = 10,
    max_body: int = 65536,
    resolve: Resolver = resolve_by_system,
    tls: ssl.SSLContext | None = None,
) -> Outcome:
    """Send one webhook and report what happened; only cancellation and a programming error raise.

    Args:
        headers: ASCII; the caller's own, already signed for exactly this body.
        timeout: seconds for everything: resolving, connecting, sending and reading.
        max_body: bytes of the answer that are kept; reading stops there and that is no error.
        tls: trust store, by default the public one; certificates are always checked for the URL's name.
    """
    started = time.monotonic()
    answer, origin, error = _Answer(), "webhook URL", None
    try:
        endpoint = parse_endpoint(url, policy)
        origin = endpoint.origin
        async with asyncio.timeout(timeout):
            addresses = await _checked_addresses(endpoint, policy, resolve)
            pool = httpcore.AsyncConnectionPool(tls or _public_trust(), network_backend=_PinnedBackend(addresses))
            async with pool:
                await _exchange(pool, _request(endpoint, body, headers, timeout), max_body, answer)
    except EndpointRefused as refusal:
        error = str(refusal)
    except TimeoutError:
        error = f"POST to {origin} cut off: no complete answer within {timeout:g} s"
    except (OSError, httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as failure:
        error = f"POST to {origin} failed: {type(failure).__name__}: {failure}"
    return Outcome(
        status=answer.status,
        error=error and error[:MAX_ERROR_LENGTH],
        duration_ms=round((time.monotonic() - started) * 1000),
        # PostgreSQL's text cannot hold NUL.
        body_head=answer.body[:max_body].decode("utf-8", "replace").replace("\0", "\ufffd"),
        retry_after=answer.retry_after,
    )


def _request(endpoint: Endpoint, body: bytes, headers: Mapping[str, str], timeout: float) -> httpcore.Request:
    fixed = {
        "host": endpoint.authority.removesuffix(":443") if endpoint.scheme == "https" else endpoint.authority,
        "user-agent": USER_AGENT,
        "content-length": str(len(body)),
        # The answer is kept as it comes: nothing is ever unpacked, so nothing can expand.
        "accept-encoding": "identity",
        "connection": "close",
    }
    return httpcore.Request(
        "POST",
        httpcore.URL(scheme=endpoint.scheme, host=endpoint.host, port=endpoint.port, target=endpoint.target),
        headers=[*fixed.items(), *((name, value) for name, value in headers.items() if name.lower() not in fixed)],
        content=body,
        extensions={"timeout": {"connect": timeout}},
    )


async def _exchange(
    pool: httpcore.AsyncConnectionPool, request: httpcore.Request, max_body: int, answer: _Answer
) -> None:
    response = await pool.handle_async_request(request)
    try:
        answer.status = response.status
        waits = [value.decode("latin-1") for name, value in response.headers if name.lower() == b"retry-after"]
        answer.retry_after = parse_retry_after(waits[0], datetime.now(UTC)) if waits else None
        async for chunk in response.aiter_stream():
            answer.body += chunk
            if len(answer.body) >= max_body:
                break
    finally:
        await response.aclose()
