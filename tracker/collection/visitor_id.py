"""Visitor id: derives the visitor id of a hit that names none, as a hash of what is known of the person. Pure."""

import hmac

from tracker.collection.clock import local_day
from tracker.collection.hit import Hit
from tracker.collection.nobody import someone


def derive_visitor(
    site: str, timezone: str, ip: str, ua: str, at: int, hit_id: str, user: str, click: str, trusted: bool, salt: bytes
) -> str:
    """Derive a visitor id for a hit that has none. `trusted`: whether a server with an ingest token sent it.

    A hit with a click id comes from a partner, and a trusted server may send no address: the address then doesn't
    identify the person. In these cases each user has one id, on every day. A hit with a click id and without a user
    gets an id of its own. All other hits get the id of `stand_in`.
    """
    if someone(user) and (click or (trusted and not ip)):
        return keyed_hash(f"{site}\nuser\n{user}", salt)
    if click:
        return keyed_hash(f"{site}\nhit\n{hit_id}", salt)
    return stand_in(site, timezone, ip, ua, at, hit_id, salt)


def stand_in(site: str, timezone: str, ip: str, ua: str, at: int, hit_id: str, salt: bytes) -> str:
    """Derive a visitor id from the site, the IP address, the user agent and the local day.

    Without address and user agent, each hit gets an id of its own. Otherwise strangers would share one id.
    """
    person = f"{ip}\n{ua}" if ip or ua else f"hit\n{hit_id}"
    return keyed_hash(f"{site}\n{local_day(at, timezone)}\n{person}", salt)


def own_stand_in(hit: Hit, salt: bytes) -> str:
    """Derive a visitor id that only this hit and its copies have."""
    return keyed_hash(f"{hit.site}\nhit\n{hit.id}", salt)


def keyed_hash(text: str, salt: bytes) -> str:
    """Hash a text with a secret key (`salt`), as a visitor id. Without the salt nobody can find the text."""
    return hmac.digest(salt, text.encode(errors="replace"), "sha256").hex()[:32]
