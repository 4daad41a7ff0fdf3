"""Slots: divides the touches and conversions of an hour into 256 slots by a hash. Pure.

Facts that must be counted together have the same slot: conversions with the same dedupe key, and touches with the same
click key.
"""

from hashlib import blake2b

from conversions.facts.records import Conversion, Joined, Touch
from conversions.rules.parts import Place


def click_key(touch: Touch) -> str:
    """Return the click key of a touch. In each hour, touches with the same key are counted as one.

    If a touch has a click id and names no ad, the key is its visitor, ad network and click id, because each reload of
    the page sends the same click id with a new hit id. Otherwise the key is the hit id, because `/click` and the
    landing page record a click under the same hit id.
    """
    if touch.click_id and not touch.ad:
        return f"{touch.visitor}\0{touch.network}\0{touch.click_id}"
    return f"h:{touch.hit}"


def slot_of(fact: Touch | Conversion | Joined) -> int:
    """Return the slot of a fact, 0 to 255: a hash of its dedupe key, or of a touch's click key."""
    key = click_key(fact) if isinstance(fact, Touch) else fact.claim
    return blake2b(key.encode(errors="replace"), digest_size=1).digest()[0]


def place_of(fact: Touch | Conversion | Joined) -> Place:
    """Return where a fact is counted: its bucket and its slot. A joined row has the bucket and the slot of its
    conversion."""
    return fact.bucket, slot_of(fact)
