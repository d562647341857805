"""Webhook delivery: the notifier's only outgoing HTTP.

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
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias

import httpcore
import httpx
import idna

from services.notifier.domain.retries import parse_retry_after

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network
Resolver: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host name and port to textual IP addresses; raises OSError when the name is unknown."""

USER_AGENT: Final = "PianoVivo-Webhook/1"
MAX_URL_LENGTH: Final = 2048
MAX_ADDRESSES_TRIED: Final = 4
MAX_ERROR_LENGTH: Final = 500

# IANA special-purpose registries plus what clouds put on public-looking addresses. `ipaddress.is_global` is no
# substitute: Python 3.11 calls 224.0.0.1, 64:ff9b::7f00:1, 2002:7f00:1:: and 3fff:: global. The first match names the
# reason; the last three lines leave only 2000::/3, the space from which public IPv6 is allocated.
_DENIED_RANGES: Final = (
    ("0.0.0.0/8", "unspecified or this network (RFC 791)"),
    ("10.0.0.0/8", "private network (RFC 1918)"),
    ("100.64.0.0/10", "carrier-grade NAT (RFC 6598)"),
    ("127.0.0.0/8", "loopback (RFC 1122)"),
    ("168.63.129.16/32", "platform address of a cloud (Azure)"),
    ("169.254.0.0/16", "link-local, cloud metadata (RFC 3927)"),
    ("172.16.0.0/12", "private network (RFC 1918)"),
    ("192.0.0.0/24", "protocol assignments (RFC 6890)"),
    ("192.0.2.0/24", "documentation (RFC 5737)"),
    ("192.31.196.0/24", "AS112 (RFC 7535)"),
    ("192.52.193.0/24", "AMT relay (RFC 7450)"),
    ("192.88.99.0/24", "6to4 relay (RFC 7526)"),
    ("192.168.0.0/16", "private network (RFC 1918)"),
    ("192.175.48.0/24", "AS112 (RFC 7534)"),
    ("198.18.0.0/15", "benchmarking (RFC 2544)"),
    ("198.51.100.0/24", "documentation (RFC 5737)"),
    ("203.0.113.0/24", "documentation (RFC 5737)"),
    ("224.0.0.0/4", "multicast (RFC 5771)"),
    ("240.0.0.0/4", "reserved or broadcast (RFC 1112)"),
    ("::/128", "unspecified (RFC 4291)"),
    ("::1/128", "loopback (RFC 4291)"),
    ("::ffff:0:0/96", "IPv4-mapped (RFC 4291)"),
    ("::/96", "IPv4-compatible (RFC 4291)"),
    ("64:ff9b::/96", "NAT64 (RFC 6052)"),
    ("64:ff9b:1::/48", "local NAT64 (RFC 8215)"),
    ("100::/64", "discard only (RFC 6666)"),
    ("2001::/32", "Teredo (RFC 4380)"),
    ("2001:2::/48", "benchmarking (RFC 5180)"),
    ("2001::/23", "protocol assignments (RFC 2928)"),
    ("2001:db8::/32", "documentation (RFC 3849)"),
    ("2002::/16", "6to4 (RFC 3056)"),
    ("2620:4f:8000::/48", "AS112 (RFC 7534)"),
    ("3fff::/20", "documentation (RFC 9637)"),
    ("5f00::/16", "segment routing (RFC 9602)"),
    ("fc00::/7", "unique local (RFC 4193)"),
    ("fe80::/10", "link-local (RFC 4291)"),
    ("fec0::/10", "site-local (RFC 3879)"),
    ("ff00::/8", "multicast (RFC 4291)"),
    ("::/3", "outside global unicast 2000::/3"),
    ("4000::/2", "outside global unicast 2000::/3"),
    ("8000::/1", "outside global unicast 2000::/3"),
)
DENIED_NETWORKS: Final[tuple[tuple[Network, str], ...]] = tuple(
    (ip_network(cidr), reason) for cidr, reason in _DENIED_RANGES
)
_LOOPBACK: Final[tuple[Network, ...]] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))

# No userinfo, fragment, backslash or blank, and no "%" in the authority (encoded names, IPv6 zones).
_URL_SHAPE: Final = re.compile(r"https?://[^\s/?#@\\%]+([/?][^\s\\#]*)?", re.IGNORECASE)
_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
# Whatever ends in a number is read as IPv4 by some resolver: 127.1, 0x7f.1, 2130706433.
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")


class EndpointRefused(ValueError):
    """This URL or address must not be contacted; the message says where and why, without the URL's secret path."""


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """What the operator lets subscribers reach: https on the listed ports at public addresses.

    Attributes:
        ports: the only ports allowed.
        loopback_endpoints: `host:port` pairs, for demonstrations and tests, on any port and also over plain http, which
            must resolve to loopback and to nothing else.
        denied: further networks, such as the operator's own public ranges or its NAT64 prefix.
    """

    ports: frozenset[int] = frozenset({443})
    loopback_endpoints: frozenset[str] = frozenset()
    denied: tuple[Network, ...] = ()

    def refusal(self, address: Address, *, on_loopback: bool = False) -> str | None:
        """Why this address must not be connected to, or None."""
        if on_loopback:
            is_loopback = any(address in network for network in _LOOPBACK)
            return None if is_loopback else "but only loopback is allowed for this endpoint"
        if any(address in network for network in self.denied):
            return "denied by the operator"
        return next((reason for network, reason in DENIED_NETWORKS if address in network), None)


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
