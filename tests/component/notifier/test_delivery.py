"""Webhook delivery over real sockets and real TLS on loopback; only name resolution is given by the test."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.delivery import AddressPolicy, EndpointRefused, Outcome, Resolver, parse_endpoint, post

BODY = b'{"type":"plan-recomputed"}'
NAME = "hook.example.test"  # reserved by RFC 2606: no real resolver answers for it
OK = b"HTTP/1.1 204 No Content\r\n\r\n"
PUBLIC = AddressPolicy()


@dataclass
class Receiver:
    """An HTTP server that reads one request per connection and answers as told."""

    port: int = 0
    requests: list[bytes] = field(default_factory=list)
    server_names: list[str | None] = field(default_factory=list)

    def policy(self, host: str) -> AddressPolicy:
        return AddressPolicy(loopback_endpoints=frozenset({f"{host}:{self.port}"}))


Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def answering(raw: bytes) -> Behaviour:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()

    return answer


@asynccontextmanager
async def receiving(behave: Behaviour, certificate: trustme.LeafCert | None = None) -> AsyncIterator[Receiver]:
    receiver, tls = Receiver(), None
    if certificate is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(tls)
        tls.sni_callback = lambda _socket, name, _context: receiver.server_names.append(name)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            receiver.requests.append(head + await reader.readexactly(len(BODY)))
            await behave(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass  # the client under test hung up, which is often the point
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver


def resolving_to(*answers: list[str]) -> tuple[Resolver, list[str]]:
    """A resolver giving each answer once, in turn, and the names it was asked for."""
    pending, asked = list(answers), []

    async def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return pending.pop(0)

    return resolve, asked


async def deliver(receiver: Receiver, *, path: str = "/in", timeout: float = 5, max_body: int = 65536) -> Outcome:
    url, policy = f"http://127.0.0.1:{receiver.port}{path}", receiver.policy("127.0.0.1")
    return await post(url, BODY, {"webhook-id": "msg_1"}, policy=policy, timeout=timeout, max_body=max_body)


async def test_the_request_arrives_as_signed_and_the_answer_comes_back() -> None:
    async with receiving(answering(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nfatto\0")) as receiver:
        outcome = await deliver(receiver, path="/in?office=1")
    head, _, body = receiver.requests[0].partition(b"\r\n\r\n")
    line, *headers = head.decode().lower().split("\r\n")
    assert line == "post /in?office=1 http/1.1"
    assert {f"host: 127.0.0.1:{receiver.port}", "webhook-id: msg_1", f"content-length: {len(BODY)}"} <= set(headers)
    assert body == BODY
    assert (outcome.status, outcome.error, outcome.body_head) == (200, None, "fatto\ufffd")


@pytest.mark.parametrize(("header", "expected"), [("120", timedelta(seconds=120)), ("soon", None)])
async def test_retry_after_is_reported(header: str, expected: timedelta | None) -> None:
    raw = f"HTTP/1.1 429 Too Many Requests\r\nretry-after: {header}\r\ncontent-length: 0\r\n\r\n".encode()
    async with receiving(answering(raw)) as receiver:
        outcome = await deliver(receiver)
    assert (outcome.status, outcome.retry_after) == (429, expected)


async def test_a_redirect_is_reported_not_followed() -> None:
    async with receiving(answering(OK)) as elsewhere:
        target = f"http://127.0.0.1:{elsewhere.port}/"
        raw = f"HTTP/1.1 307 Temporary Redirect\r\nlocation: {target}\r\ncontent-length: 0\r\n\r\n".encode()
        async with receiving(answering(raw)) as receiver:
            outcome = await deliver(receiver)
    assert (outcome.status, elsewhere.requests) == (307, [])


async def test_proxies_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiving(answering(OK)) as proxy, receiving(answering(OK)) as receiver:
        for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.port}")
        outcome = await deliver(receiver)
    assert (outcome.status, proxy.requests, len(receiver.requests)) == (204, [], 1)


async def test_a_body_that_drips_is_cut_by_the_total_time_cap_though_every_read_is_quick() -> None:
    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with receiving(drip) as receiver:
        outcome = await deliver(receiver, timeout=0.3)
    assert outcome.status == 200
    assert outcome.error == f"POST to http://127.0.0.1:{receiver.port} cut off: no complete answer within 0.3 s"
    assert outcome.body_head.startswith(".")
    assert 300 <= outcome.duration_ms < 1000


async def test_an_endless_body_is_read_up_to_the_cap() -> None:
    written = 0

    async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x" * 65536)
            await writer.drain()
            written += 65536

    async with receiving(flood) as receiver:
        outcome = await deliver(receiver, max_body=1000)
    assert (outcome.status, outcome.error, outcome.body_head) == (200, None, "x" * 1000)
    assert written < 64 * 2**20  # socket buffers, not a download


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "Server disconnected"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "RemoteProtocolError"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc", "RemoteProtocolError"),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000, "RemoteProtocolError"),
    ],
)
async def test_a_broken_answer_is_an_error_not_an_exception(raw: bytes, why: str) -> None:
    async with receiving(answering(raw)) as receiver:
        outcome = await deliver(receiver)
    assert outcome.error is not None
    assert f"POST to http://127.0.0.1:{receiver.port} failed" in outcome.error
    assert why in outcome.error


async def test_nobody_listening_is_an_error_that_names_the_address() -> None:
    async with receiving(answering(OK)) as receiver:
        pass
    outcome = await deliver(receiver, path="/secret-token")
    assert outcome.status is None
    assert outcome.error is not None
    assert f"POST to http://127.0.0.1:{receiver.port} failed: ConnectError: 127.0.0.1" in outcome.error
    assert "secret-token" not in outcome.error


async def test_tls_proves_the_name_while_the_connection_goes_to_the_checked_address() -> None:
    ca, trust = trustme.CA(), ssl.create_default_context()
    ca.configure_trust(trust)
    resolve, asked = resolving_to(["127.0.0.1"])
    async with receiving(answering(OK), ca.issue_cert(NAME)) as receiver:
        url = f"https://{NAME}:{receiver.port}/"
        outcome = await post(url, BODY, {}, policy=receiver.policy(NAME), resolve=resolve, tls=trust)
    assert (outcome.status, outcome.error) == (204, None)
    assert (asked, receiver.server_names) == ([NAME], [NAME])
    assert f"host: {NAME}:{receiver.port}".encode() in receiver.requests[0].lower()


@pytest.mark.parametrize(
    ("certified", "trusted", "why"),
    [
        ("other.example.test", True, "Hostname mismatch"),
        ("127.0.0.1", True, "Hostname mismatch"),  # proves the address, not the name
        (NAME, False, "unable to get local issuer"),
    ],
)
async def test_a_certificate_of_another_name_or_issuer_stops_before_anything_is_sent(
    certified: str, trusted: bool, why: str
) -> None:
    ca, trust = trustme.CA(), ssl.create_default_context()
    ca.configure_trust(trust)
    resolve, _ = resolving_to(["127.0.0.1"])
    async with receiving(answering(OK), ca.issue_cert(certified)) as receiver:
        url, policy = f"https://{NAME}:{receiver.port}/", receiver.policy(NAME)
        outcome = await post(url, BODY, {}, policy=policy, resolve=resolve, tls=trust if trusted else None)
    assert outcome.error is not None
    assert why in outcome.error
    assert (outcome.status, receiver.requests) == (None, [])


async def test_a_name_is_resolved_once_so_a_rebound_answer_is_never_used() -> None:
    resolve, asked = resolving_to(["127.0.0.1"], ["127.0.0.2"])
    async with receiving(answering(OK)) as receiver:
        url, policy = f"http://{NAME}:{receiver.port}/", receiver.policy(NAME)
        outcome = await post(url, BODY, {}, policy=policy, resolve=resolve)
    assert (outcome.status, asked) == (204, [NAME])


async def test_a_dead_first_address_gives_way_to_the_next_checked_one() -> None:
    resolve, _ = resolving_to(["::1", "127.0.0.1"])  # the receiver listens on IPv4 only
    async with receiving(answering(OK)) as receiver:
        url, policy = f"http://{NAME}:{receiver.port}/", receiver.policy(NAME)
        outcome = await post(url, BODY, {}, policy=policy, resolve=resolve)
    assert (outcome.status, outcome.error) == (204, None)


@pytest.mark.parametrize("answer", [["10.0.0.5"], ["127.0.0.1", "10.0.0.5"], ["198.41.0.4"], ["::ffff:127.0.0.1"]])
async def test_an_endpoint_allowed_on_loopback_reaches_nothing_else(answer: list[str]) -> None:
    resolve, _ = resolving_to(answer)
    async with receiving(answering(OK)) as receiver:
        url, policy = f"http://{NAME}:{receiver.port}/", receiver.policy(NAME)
        outcome = await post(url, BODY, {}, policy=policy, resolve=resolve)
    assert outcome.error is not None
    assert "only loopback" in outcome.error
    assert (outcome.status, receiver.requests) == (None, [])


async def test_one_forbidden_address_among_public_ones_condemns_the_name() -> None:
    resolve, _ = resolving_to(["198.41.0.4", "2001:503:ba3e::2:30", "10.0.0.5"])
    outcome = await post(f"https://{NAME}/secret-token", BODY, {}, policy=PUBLIC, resolve=resolve)
    assert outcome.error == (f"https://{NAME}:443 not contacted: {NAME} is at 10.0.0.5, private network (RFC 1918)")


async def test_a_name_without_addresses_and_an_unknown_name_are_errors() -> None:
    async def unknown(_host: str, _port: int) -> list[str]:
        raise OSError("Name or service not known")

    resolve, _ = resolving_to([])
    empty = await post(f"https://{NAME}/", BODY, {}, policy=PUBLIC, resolve=resolve)
    missing = await post(f"https://{NAME}/", BODY, {}, policy=PUBLIC, resolve=unknown)
    assert empty.error == f"https://{NAME}:443 not contacted: {NAME} has no address"
    assert missing.error == f"POST to https://{NAME}:443 failed: OSError: Name or service not known"


async def test_a_resolver_that_hangs_falls_under_the_time_cap() -> None:
    async def hanging(_host: str, _port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    outcome = await post(f"https://{NAME}/", BODY, {}, policy=PUBLIC, timeout=0.05, resolve=hanging)
    assert outcome.error == f"POST to https://{NAME}:443 cut off: no complete answer within 0.05 s"


# One address of every range, written from the RFCs and cloud manuals, not from the list under test.
FORBIDDEN = {
    "unspecified": ["0.0.0.0", "0.1.2.3", "::"],
    "loopback": ["127.0.0.1", "127.255.255.254", "::1"],
    "private": ["10.0.0.0", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.1.1"],
    "carrier-grade NAT": ["100.64.0.0", "100.100.100.200", "100.127.255.255"],
    "link-local": ["169.254.169.254", "fe80::1", "fe80::1%eth0", "febf::1"],
    "Azure": ["168.63.129.16"],
    "protocol assignments": ["192.0.0.8", "192.0.0.192", "2001:1::1", "2001:20::1"],
    "documentation": ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"],
    "benchmarking": ["198.18.0.1", "198.19.255.255", "2001:2::1"],
    "AS112": ["192.31.196.1", "192.175.48.1", "2620:4f:8000::1"],
    "AMT": ["192.52.193.1"],
    "6to4": ["192.88.99.1", "2002:7f00:1::", "2002:0808:0808::1"],
    "multicast": ["224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1"],
    "reserved": ["240.0.0.1", "255.255.255.255"],
    "IPv4-mapped": ["::ffff:127.0.0.1", "::ffff:198.41.0.4"],
    "IPv4-compatible": ["::127.0.0.1", "::198.41.0.4"],
    "NAT64": ["64:ff9b::7f00:1", "64:ff9b::c629:4", "64:ff9b:1::1"],
    "discard": ["100::1"],
    "Teredo": ["2001:0:4136:e378:8000:63bf:3fff:fdd2"],
    "segment routing": ["5f00::1"],
    "unique local": ["fc00::1", "fd00:ec2::254"],
    "site-local": ["fec0::1"],
    "outside global unicast": ["::ffff:0:127.0.0.1", "200::1", "4000::1", "e000::1"],
}


@pytest.mark.parametrize(("reason", "address"), [(why, text) for why, texts in FORBIDDEN.items() for text in texts])
async def test_a_name_at_a_forbidden_address_is_not_contacted(reason: str, address: str) -> None:
    resolve, _ = resolving_to([address])
    outcome = await post(f"https://{NAME}/", BODY, {}, policy=PUBLIC, resolve=resolve)
    assert outcome.error is not None
    assert f"{NAME} is at {ip_address(address)}, " in outcome.error
    assert reason in outcome.error


@pytest.mark.parametrize(
    "address",
    # Root servers a, k, m; then the neighbours of private ranges.
    [
        *("198.41.0.4", "2001:503:ba3e::2:30", "193.0.14.129", "2001:7fd::1", "202.12.27.33", "2001:dc3::35"),
        *("9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0"),
    ],
)
def test_public_addresses_are_allowed(address: str) -> None:
    assert PUBLIC.refusal(ip_address(address)) is None


@given(st.ip_addresses())
def test_whatever_the_standard_library_calls_not_global_is_refused(address: IPv4Address | IPv6Address) -> None:
    assert address.is_global or PUBLIC.refusal(address) is not None


def test_the_operator_can_deny_further_networks() -> None:
    policy = AddressPolicy(denied=(ip_network("198.41.0.0/24"),))
    assert policy.refusal(ip_address("198.41.0.4")) == "denied by the operator"
    assert policy.refusal(ip_address("193.0.14.129")) is None


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://example.test/", "https only"),
        ("http://127.0.0.1:8080/", "https only"),
        ("https://127.0.0.1/", "loopback"),
        ("https://[::1]/", "loopback"),
        ("https://[::ffff:7f00:1]/", "IPv4-mapped"),
        ("https://127。0。0。1/", "loopback"),
        ("https://[fe80::1%25eth0]/", "not an http"),
        ("https://0x7f.1/", "four decimal numbers"),
        ("https://0x7f000001/", "four decimal numbers"),
        ("https://2130706433/", "four decimal numbers"),
        ("https://017700000001/", "four decimal numbers"),
        ("https://0177.0.0.1/", "Invalid IPv4 address"),
        ("https://127.1/", "four decimal numbers"),
        ("https://127.0.0.0x1/", "four decimal numbers"),
        ("https://\uff11\uff12\uff17.0.0.1/", "Invalid IDNA"),
        ("https://%31%32%37.0.0.1/", "not an http"),
        ("https://localhost/", "full DNS name"),
        ("https://example.test./", "trailing dot"),
        ("https://example..test/", "full DNS name"),
        ("https://-example.test/", "full DNS name"),
        ("https://exa_mple.test/", "full DNS name"),
        ("https://xn--a.test/", "refused"),
        ("https://" + "a" * 64 + ".test/", "full DNS name"),
        ("https://example.test:0/", "port not among"),
        ("https://example.test:22/", "port not among"),
        ("https://example.test:99999/", "port"),
        ("https://user:pw@example.test/", "user name"),
        ("https://example.test\\@127.0.0.1/", "backslash"),
        ("https://example.test/#x", "fragment"),
        ("https://example.test/a b", "blanks"),
        ("https://example.test/\r\nhost: x", "not an http"),
        (" https://example.test/", "not an http"),
        ("https:///in", "not an http"),
        ("https:example.test", "not an http"),
        ("ftp://example.test/", "not an http"),
        ("gopher://example.test/", "not an http"),
        ("file:///etc/passwd", "not an http"),
        ("https://example.test/" + "x" * 2048, "at most 2048"),
        ("", "not an http"),
    ],
)
async def test_an_ambiguous_or_forbidden_url_is_refused_without_asking_the_resolver(url: str, why: str) -> None:
    resolve, asked = resolving_to()
    outcome = await post(url, BODY, {}, policy=PUBLIC, resolve=resolve)
    assert outcome.error is not None
    assert why in outcome.error
    assert (outcome.status, asked) == (None, [])


def test_international_names_and_case_are_normalised() -> None:
    # Python's idna codec (2003), independent of the library used, gives the same A-label for this name.
    endpoint = parse_endpoint("HTTPS://Comune.CITTÀ.example.test/a?b=1", PUBLIC)
    assert endpoint.host == "comune.città.example.test".encode("idna").decode()
    assert (endpoint.origin, endpoint.target) == (f"https://{endpoint.host}:443", b"/a?b=1")


@given(st.text() | st.text(alphabet="htps:/@#?[]%.\\0x7fa1 é").map("https://".__add__))
def test_no_text_makes_the_parser_fail_otherwise_than_by_refusing(url: str) -> None:
    try:
        endpoint = parse_endpoint(url, PUBLIC)
    except EndpointRefused:
        return
    assert (endpoint.scheme, endpoint.port, endpoint.on_loopback) == ("https", 443, False)
