"""Slots: a touch or a conversion -> its slot among the facts of its bucket. Pure.

All that must be counted together is in one slot: the conversions of one claim, and the touches of one click key.
"""

from hashlib import blake2b

from conversions.facts.records import Conversion, Joined, Touch
from conversions.rules.parts import Place


def click_key(touch: Touch) -> str:
    """What touches that count as one have in common: the hit id; or visitor, network and click id.

    A touch that names no ad is a page's. If its address has a click id, each reload has it again, under another hit id.
    A touch that names its ad was made by one hit; `/click` and the landing page file that under one hit id.
    """
    if touch.click_id and not touch.ad:
        return f"{touch.visitor}\0{touch.network}\0{touch.click_id}"
    return f"h:{touch.hit}"


def slot_of(fact: Touch | Conversion | Joined) -> int:
    """The fact's slot: one byte of a hash of its claim or its click key."""
    key = click_key(fact) if isinstance(fact, Touch) else fact.claim
    return blake2b(key.encode(errors="replace"), digest_size=1).digest()[0]


def place_of(fact: Touch | Conversion | Joined) -> Place:
    """The bucket and the slot of a fact; those of its conversion, if it is a joined row."""
    return fact.bucket, slot_of(fact)
