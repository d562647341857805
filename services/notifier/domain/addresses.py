"""Which network addresses a webhook may be sent to: no subscriber reaches what only this machine can reach."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Final, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

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
