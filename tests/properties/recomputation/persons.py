"""Persons: whose a touch or a conversion is. Rules: `docs/models.md`, Persons."""

from collections.abc import Callable, Iterable

from tests.properties.recomputation.order import in_order
from tests.properties.recomputation.records import Conversion, Link, Touch

Owned = Touch | Conversion
Whose = Callable[[Owned], str]


def persons(links: Iterable[Link], most_visitors: int, most_users: int) -> Whose:
    """Tells whose a fact is: its user's, or its visitor's where it has none or they are no person's."""
    known = in_order(links)

    def whose(fact: Owned) -> str:
        user = fact.user or linked_user(fact, known)
        shared = len(visitors_of(user, known)) > most_visitors or len(users_of(fact.visitor, known)) > most_users
        return f"visitor {fact.visitor}" if shared or not user else f"user {user}"

    return whose


def linked_user(fact: Owned, links: Iterable[Link]) -> str:
    """Whom the visitor names next, at that moment or later; if none comes, whom it named last."""
    own = [link for link in links if link.visitor == fact.visitor]
    found = [link.user for link in own if link.at >= fact.at] or [link.user for link in own[-1:]]
    return found[0] if found else ""


def visitors_of(user: str, links: Iterable[Link]) -> set[str]:
    """All visitors that ever named a user."""
    return {link.visitor for link in links if link.user == user}


def users_of(visitor: str, links: Iterable[Link]) -> set[str]:
    """All users that a visitor ever named."""
    return {link.user for link in links if link.visitor == visitor}
