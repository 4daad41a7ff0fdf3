"""Order: which fact comes first, and which copies are one. Rules: `docs/models.md`, Order and copies."""

import json
from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from typing import Any, TypeVar

from tests.properties.recomputation.records import Fact, Touch

F = TypeVar("F", bound=Fact)


@lru_cache(maxsize=1 << 14)
def place(fact: Fact) -> tuple[int, str, str]:
    """Facts are in the order of their times, then of their hits' ids, then of their digests."""
    return fact.at, fact.hit, blake2b(canonical(fact), digest_size=8).hexdigest()


def canonical(fact: Fact) -> bytes:
    """JSON without spaces: what the fact is, then its fields in their order, without those that say nothing."""
    said = {name: value for name, value in vars(fact).items() if not says_nothing(value)}
    plain = {"type": type(fact).__name__.lower()} | said
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()


def says_nothing(value: Any) -> bool:
    """The empty text, null, false and what has no entry say nothing; 0 does."""
    return value is None or value is False or value in ("", ())


def in_order(facts: Iterable[F]) -> list[F]:
    """Facts in their order."""
    return sorted(facts, key=place)


def once_each(touches: Iterable[Touch]) -> list[Touch]:
    """Touches in order; of those with one hit id, or with one click id of one visitor, the first."""
    kept: list[Touch] = []
    for touch in in_order(touches):
        if not any(are_copies(touch, had) for had in kept):
            kept.append(touch)
    return kept


def are_copies(one: Touch, other: Touch) -> bool:
    """Whether two touches are one click, or one view."""
    same_click = (one.visitor, one.network, one.click_id) == (other.visitor, other.network, other.click_id)
    return one.hit == other.hit or (one.click_id != "" and same_click)
