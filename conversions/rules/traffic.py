"""Traffic: decides whether and why a site rejects a hit: bots, prefetches, the account's own visits, missing tokens.
Pure."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import msgspec

from conversions.rules.crawlers import crawler_name
from conversions.rules.reasons import RejectedCode
from tracker.collection.hit import Hit


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """Which hits a site rejects: bots, prefetched pages, and visits of the account's own staff.

    `own_networks`: the networks of the staff, such as `192.0.2.0/24`.
    """

    bots: bool = True
    prefetches: bool = True
    own_traffic: bool = True
    own_networks: tuple[str, ...] = ()
    #: Whether the site accepts adjustments without an ingest token.
    open_adjustments: bool = False


class Rejection(msgspec.Struct, frozen=True):
    """The reason why a hit is rejected, as `/api/rejected` shows it. `field`: the field of the hit that is the cause;
    empty if no field is."""

    code: RejectedCode
    field: str
    detail: str


def why_rejected(hit: Hit, traffic: Traffic) -> Rejection | None:
    """Return the first reason to reject a hit; None if the hit counts.

    A hit without a user agent is not rejected as a bot. An adjustment from the account's own network counts, because
    the account's staff refunds orders.
    """
    if traffic.bots and (name := crawler_name(hit.ua)):
        return Rejection("bot", "ua", f"Its user agent says that it is a crawler: {name}.")
    if traffic.prefetches and hit.prefetch:
        return Rejection("prefetch", "", "A browser fetched the page before anybody asked for it.")
    if traffic.own_traffic and hit.type != "adjustment" and is_in_networks(hit.ip, traffic.own_networks):
        return Rejection("own_traffic", "ip", "It comes from one of the account's own networks.")
    if hit.unchecked and hit.type == "adjustment" and not (hit.trusted or traffic.open_adjustments):
        return Rejection(
            "needs_token", "type", "An adjustment needs an ingest token, which collection could not check."
        )
    return None


def is_in_networks(address: str, networks: tuple[str, ...]) -> bool:
    """Whether an IP address is in one of the networks. False if the text is no IP address."""
    if not networks or not address:
        return False
    try:
        found = unmapped(ip_address(address))
    except ValueError:
        return False
    return any(found in network for network in map(_read_network, networks))


def unmapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address of an IPv4-mapped IPv6 address. Other addresses are returned unchanged."""
    return getattr(address, "ipv4_mapped", None) or address


@lru_cache(maxsize=4096)
def _read_network(text: str) -> IPv4Network | IPv6Network:
    return ip_network(text, strict=False)
