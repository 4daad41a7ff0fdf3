"""Visitor id: computes a visitor id for a hit that has none, as a hash of what is known of the person. Pure."""

import hmac

from tracker.collection.clock import local_day
from tracker.collection.hit import Hit
from tracker.collection.nobody import someone


def derive_visitor(
    site: str, timezone: str, ip: str, ua: str, at: int, hit_id: str, user: str, click: str, trusted: bool, salt: bytes
) -> str:
    """Compute a visitor id for a hit that has none. `trusted`: whether a server with an ingest token sent the hit.

    The hit's IP address isn't the person's in two cases: the hit has a click id, because then a partner's server sent
    it; or a trusted server sent the hit without an address. In both cases, if the hit names a user, the id is a hash of
    the user. If the hit has a click id and names no user, no other hit gets the same id. All other hits get the id that
    `stand_in` returns.
    """
    if someone(user) and (click or (trusted and not ip)):
        return keyed_hash(f"{site}\nuser\n{user}", salt)
    if click:
        return keyed_hash(f"{site}\nhit\n{hit_id}", salt)
    return stand_in(site, timezone, ip, ua, at, hit_id, salt)


def stand_in(site: str, timezone: str, ip: str, ua: str, at: int, hit_id: str, salt: bytes) -> str:
    """Compute a visitor id from the site, the IP address, the user agent and the day in the site's timezone. The same
    person has the same id on one day.

    A hit without address and user agent gets an id that no other hit has. If it were a hash of the day alone, strangers
    would share one id.
    """
    person = f"{ip}\n{ua}" if ip or ua else f"hit\n{hit_id}"
    return keyed_hash(f"{site}\n{local_day(at, timezone)}\n{person}", salt)


def own_stand_in(hit: Hit, salt: bytes) -> str:
    """Compute a visitor id that only this hit, and copies of it, have."""
    return keyed_hash(f"{hit.site}\nhit\n{hit.id}", salt)


def keyed_hash(text: str, salt: bytes) -> str:
    """Compute an id from a text: its hash with a secret key (`salt`). Nobody can find the text without the key."""
    return hmac.digest(salt, text.encode(errors="replace"), "sha256").hex()[:32]
