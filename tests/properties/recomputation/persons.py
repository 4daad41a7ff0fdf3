"""Persons: to which person a touch or a conversion belongs. Rules: `docs/models.md`, Persons."""

from collections.abc import Callable, Iterable

from tests.properties.recomputation.order import in_order
from tests.properties.recomputation.records import Conversion, Link, Touch

Owned = Touch | Conversion
Whose = Callable[[Owned], str]


def persons(links: Iterable[Link], most_visitors: int, most_users: int) -> Whose:
    """Return a function from a fact to its person: the user. If there is no user, or if the user or the visitor is
    crowded, the person is the visitor."""
    known = in_order(links)

    def whose(fact: Owned) -> str:
        user = fact.user or linked_user(fact, known)
        shared = len(visitors_of(user, known)) > most_visitors or len(users_of(fact.visitor, known)) > most_users
        return f"visitor {fact.visitor}" if shared or not user else f"user {user}"

    return whose


def linked_user(fact: Owned, links: Iterable[Link]) -> str:
    """Return the user of the visitor's next link at or after the fact. If there is none, return the user of the
    visitor's last link."""
    own = [link for link in links if link.visitor == fact.visitor]
    found = [link.user for link in own if link.at >= fact.at] or [link.user for link in own[-1:]]
    return found[0] if found else ""


def visitors_of(user: str, links: Iterable[Link]) -> set[str]:
    """Return all visitors that ever named this user."""
    return {link.visitor for link in links if link.user == user}


def users_of(visitor: str, links: Iterable[Link]) -> set[str]:
    """Return all users that this visitor ever named."""
    return {link.user for link in links if link.visitor == visitor}
