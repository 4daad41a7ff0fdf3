"""Order: which fact comes first, and which facts are copies. Rules: `docs/models.md`, Order and copies."""

import json
from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from typing import Any, TypeVar

from tests.properties.recomputation.records import Fact, Touch

F = TypeVar("F", bound=Fact)


@lru_cache(maxsize=1 << 14)
def place(fact: Fact) -> tuple[int, str, str]:
    """Return the sort key of a fact: time, then hit id, then digest."""
    return fact.at, fact.hit, blake2b(canonical(fact), digest_size=8).hexdigest()


def canonical(fact: Fact) -> bytes:
    """Write a fact as JSON without spaces: its type, then its fields in order, without empty ones."""
    said = {name: value for name, value in vars(fact).items() if not is_empty(value)}
    plain = {"type": type(fact).__name__.lower()} | said
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()


def is_empty(value: Any) -> bool:
    """Whether a value is the empty text, null, false or an empty list. 0 is not empty."""
    return value is None or value is False or value in ("", ())


def in_order(facts: Iterable[F]) -> list[F]:
    """Return facts in their order."""
    return sorted(facts, key=place)


def once_each(touches: Iterable[Touch]) -> list[Touch]:
    """Return touches in order, without copies: the first of each hit id, and of each click id of a visitor."""
    kept: list[Touch] = []
    for touch in in_order(touches):
        if not any(are_copies(touch, had) for had in kept):
            kept.append(touch)
    return kept


def are_copies(one: Touch, other: Touch) -> bool:
    """Whether two touches are the same click or view."""
    same_click = (one.visitor, one.network, one.click_id) == (other.visitor, other.network, other.click_id)
    return one.hit == other.hit or (one.click_id != "" and same_click)
