"""Traffic: a hit and a site's settings -> why the hit is rejected, or None. Pure."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import msgspec

from conversions.rules.crawlers import crawler_name
from conversions.rules.reasons import RejectedCode
from tracker.collection.hit import Hit


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """Which hits a site rejects: those of `bots`, of `prefetches`, and of the account's own people (`own_traffic`).
    `own_networks`: the networks of these people, as texts."""

    bots: bool = True
    prefetches: bool = True
    own_traffic: bool = True
    own_networks: tuple[str, ...] = ()
    #: Whether adjustments are accepted without a token.
    open_adjustments: bool = False


class Rejection(msgspec.Struct, frozen=True):
    """Why a hit is rejected, as `/api/rejected` shows it."""

    code: RejectedCode
    field: str
    detail: str


def why_rejected(hit: Hit, traffic: Traffic) -> Rejection | None:
    """The first reason why a hit is rejected; None if it counts.

    A hit without a user agent is not taken for a crawler's. An adjustment from one of the account's own networks
    counts, because the account's own people refund orders.
    """
    if traffic.bots and (name := crawler_name(hit.ua)):
        return Rejection("bot", "ua", f"Its user agent says that it is a crawler: {name}.")
    if traffic.prefetches and hit.prefetch:
        return Rejection("prefetch", "", "A browser fetched the page before anybody asked for it.")
    if traffic.own_traffic and hit.type != "adjustment" and is_own(hit.ip, traffic.own_networks):
        return Rejection("own_traffic", "ip", "It comes from one of the account's own networks.")
    if hit.unchecked and hit.type == "adjustment" and not (hit.trusted or traffic.open_adjustments):
        return Rejection(
            "needs_token", "type", "An adjustment needs an ingest token, which collection could not check."
        )
    return None


def is_own(address: str, networks: tuple[str, ...]) -> bool:
    """Whether an address is in one of the networks. A text that is no address is in none of them."""
    if not networks or not address:
        return False
    try:
        found = unmapped(ip_address(address))
    except ValueError:
        return False
    return any(found in network for network in map(_read_network, networks))


def unmapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Turn an IPv4-mapped IPv6 address into its IPv4 address. Other addresses stay as they are."""
    return getattr(address, "ipv4_mapped", None) or address


@lru_cache(maxsize=4096)
def _read_network(text: str) -> IPv4Network | IPv6Network:
    return ip_network(text, strict=False)
