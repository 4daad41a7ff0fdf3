"""Traffic: whether a hit is a person's whose doings count, or is set aside, and why. Pure."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import msgspec

from conversions.rules.crawlers import crawler_name
from tracker.collection.hit import Hit


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """What a site sets aside. `own_networks`: the addresses of its account's people, as texts."""

    bots: bool = True
    prefetches: bool = True
    own_traffic: bool = True
    own_networks: tuple[str, ...] = ()


class Reason(msgspec.Struct, frozen=True):
    """Why a hit is set aside, as `/api/rejected` tells it."""

    code: str
    field: str
    detail: str


def why_aside(hit: Hit, traffic: Traffic) -> Reason | None:
    """Why a hit doesn't count, None if it does: `bot`, `prefetch` or `own_traffic`, the first that holds.

    A hit without a user agent is nobody that names itself. An adjustment from an own address counts: it is about an
    order, and the account's people are those who refund.
    """
    if traffic.bots and (name := crawler_name(hit.ua)):
        return Reason("bot", "ua", f"Its user agent says that it is a crawler: {name}.")
    if traffic.prefetches and hit.prefetch:
        return Reason("prefetch", "", "A browser fetched the page before anybody asked for it.")
    if traffic.own_traffic and hit.type != "adjustment" and is_own(hit.ip, traffic.own_networks):
        return Reason("own_traffic", "ip", "It comes from one of the account's own networks.")
    return None


def is_own(address: str, networks: tuple[str, ...]) -> bool:
    """Whether an address is of one of the networks; what is no address is of none."""
    if not networks or not address:
        return False
    try:
        found = plain(ip_address(address))
    except ValueError:
        return False
    return any(found in network for network in map(_read_network, networks))


def plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """An IPv4 address that was written as an IPv6 one is the IPv4 address."""
    return getattr(address, "ipv4_mapped", None) or address


@lru_cache(maxsize=4096)
def _read_network(text: str) -> IPv4Network | IPv6Network:
    return ip_network(text, strict=False)
