"""Address: finds the IP address of a client behind trusted proxies, from the address of the connection and the header
X-Forwarded-For. Pure."""

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Networks = Sequence[IPv4Network | IPv6Network]

#: The most characters of an address.
MAX_LENGTH = 64
#: An address in brackets, perhaps with a port; and an address with a port.
_BRACKETS = re.compile(r"\[([^\]]*)\](?::[0-9]+)?")
_PORT = re.compile(r"(.+):[0-9]+")


def client_address(remote: str, forwarded: str, proxies: Networks) -> str:
    """Return the client's IP address. `remote`: the address that opened the connection. If it is a trusted proxy,
    return the last address in X-Forwarded-For (`forwarded`) that is not a trusted proxy; otherwise return `remote`."""
    client = read_address(remote)
    if client is None:
        return remote
    claims = forwarded.split(",") if forwarded else []
    while claims and _is_one_of(proxies, client):
        claimed = read_address(claims.pop())
        if claimed is None:
            break  # No address: the trusted proxy that sent it counts as the client.
        client = claimed
    return str(client)


def is_trusted(remote: str, proxies: Networks) -> bool:
    """Whether the address that opened the connection is a trusted proxy. `proxies`: the networks of trusted proxies."""
    address = read_address(remote) if proxies else None
    return address is not None and _is_one_of(proxies, address)


def read_address(text: str) -> IPv4Address | IPv6Address | None:
    """Read an IP address, with or without a port: "192.0.2.1:443" gives 192.0.2.1. None if the text is no address.

    An IPv4 address in the IPv6 form ::ffff:192.0.2.1 is returned as IPv4.
    """
    return _read(text) if len(text) <= MAX_LENGTH else None


@lru_cache(maxsize=4096)
def _read(text: str) -> IPv4Address | IPv6Address | None:
    text = text.strip().strip('"')
    if brackets := _BRACKETS.fullmatch(text):
        text = brackets[1]
    address = _parse(text)
    if address is None and (port := _PORT.fullmatch(text)):
        address = _parse(port[1])
    return getattr(address, "ipv4_mapped", None) or address


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _is_one_of(proxies: Networks, address: IPv4Address | IPv6Address) -> bool:
    return any(address in network for network in proxies)
