"""Slots: a touch or a conversion -> its slot among the facts of its bucket. Pure.

Facts that must be counted together have one slot: the conversions of one claim, and the touches of one click key.
"""

from hashlib import blake2b

from conversions.facts.records import Conversion, Joined, Touch
from conversions.rules.parts import Place


def click_key(touch: Touch) -> str:
    """The key that touches share if they count as one: the hit id; or visitor, network and click id.

    A touch without an ad is a page's. If its address has a click id, each reload sends the click id again with another
    hit id. A touch with an ad was made by one hit; `/click` and the landing page record it under one hit id.
    """
    if touch.click_id and not touch.ad:
        return f"{touch.visitor}\0{touch.network}\0{touch.click_id}"
    return f"h:{touch.hit}"


def slot_of(fact: Touch | Conversion | Joined) -> int:
    """The fact's slot: one byte of a hash of its claim or its click key."""
    key = click_key(fact) if isinstance(fact, Touch) else fact.claim
    return blake2b(key.encode(errors="replace"), digest_size=1).digest()[0]


def place_of(fact: Touch | Conversion | Joined) -> Place:
    """The bucket and the slot of a fact. Those of a joined row are its conversion's."""
    return fact.bucket, slot_of(fact)
