"""Address: whose request it is, behind the proxies that we trust. Pure."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address

Networks = Sequence[IPv4Network | IPv6Network]


def client_address(remote: str, forwarded: str, proxies: Networks) -> str:
    """The peer's address; where it is a trusted proxy, the right-most of X-Forwarded-For that is none."""
    if not forwarded or not _is_one_of(proxies, remote):
        return remote
    for claimed in reversed(forwarded.split(",")):
        claimed = claimed.strip()
        trusted = _is_one_of(proxies, claimed)
        if trusted is None:
            return remote  # what is no address can't be passed on as one
        remote = claimed
        if not trusted:
            break
    return remote


def _is_one_of(proxies: Networks, text: str) -> bool | None:
    """Whether an address is one of these; None for what is no address."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None) or address
    return any(mapped in network for network in proxies)
