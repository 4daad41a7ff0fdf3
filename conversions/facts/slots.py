"""Slots: a touch or a conversion -> its slot among the facts of its bucket. Pure.

Facts that must be counted together have one slot: the conversions of one claim, and the touches of one click key.
"""

from hashlib import blake2b

from conversions.facts.records import Conversion, Joined, Touch
from conversions.rules.parts import Place


def click_key(touch: Touch) -> str:
    """The key that touches share if they count as one.

    If a touch names no ad but has a click id, the key is visitor, network and click id. Such a touch comes from a
    page's address: each reload of the page sends the click id again, with another hit id. For all other touches the key
    is the hit id. If a touch names an ad, `/click` and the landing page record it under one hit id.
    """
    if touch.click_id and not touch.ad:
        return f"{touch.visitor}\0{touch.network}\0{touch.click_id}"
    return f"h:{touch.hit}"


def slot_of(fact: Touch | Conversion | Joined) -> int:
    """The fact's slot: one byte of a hash of its claim or its click key."""
    key = click_key(fact) if isinstance(fact, Touch) else fact.claim
    return blake2b(key.encode(errors="replace"), digest_size=1).digest()[0]


def place_of(fact: Touch | Conversion | Joined) -> Place:
    """The bucket and the slot of a fact. A joined row has those of its conversion."""
    return fact.bucket, slot_of(fact)
