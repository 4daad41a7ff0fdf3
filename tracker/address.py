"""Address: the peer and X-Forwarded-For -> the client's address, behind trusted proxies. Pure."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address

Networks = Sequence[IPv4Network | IPv6Network]


def client_address(remote: str, forwarded: str, proxies: Networks) -> str:
    """The peer's address. If the peer is a trusted proxy, the right-most address of X-Forwarded-For that isn't one."""
    if not forwarded or not _is_one_of(proxies, remote):
        return remote
    for claimed in reversed(forwarded.split(",")):
        claimed = claimed.strip()
        trusted = _is_one_of(proxies, claimed)
        if trusted is None:
            return remote  # A text that is no address is not passed on.
        remote = claimed
        if not trusted:
            break
    return remote


def _is_one_of(proxies: Networks, text: str) -> bool | None:
    """Whether an address is in one of the networks; None if the text is no address."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None) or address
    return any(mapped in network for network in proxies)
