"""Person: whose a touch or a conversion is: a user's, by its own hit or its visitor's links, else the visitor's. Pure.

A person is a text, and the key of the set of what is linked to it: `u:` and the user, or `v:` and the visitor.
"""

from bisect import bisect_left
from collections.abc import Callable, Collection, Sequence

from conversions.facts.records import Conversion, Link, Touch

#: A user with more visitors is no person but an id that many share. A new visitor each day, which is what browsers that
#: forget give, makes no more in a year.
MOST_VISITORS = 500
#: A visitor with more users is a machine that everybody uses.
MOST_USERS = 50
#: The set that says whether a site has any link.
ANY = "*"
#: Tells whose a fact is.
Whose = Callable[[Touch | Conversion], str]
#: In a set that is too large: all that this may change was marked.
ANNOUNCED = ""


def by_user(user: str) -> str:
    """The person that a user is."""
    return f"u:{user}"


def by_visitor(visitor: str) -> str:
    """The person that a visitor is by itself."""
    return f"v:{visitor}"


def itself(fact: Touch | Conversion) -> str:
    """The visitor of a fact as a person, where nothing links it to a user."""
    return by_visitor(fact.visitor)


def user_of(person: str) -> str:
    """The user that a person is, empty where it is a visitor by itself."""
    return person[2:] if person.startswith("u:") else ""


def is_crowded(key: str, linked: Collection[str]) -> bool:
    """Whether a set has more members than a person may have: its user or visitor is then nobody's, for ever."""
    return len(linked) - (ANNOUNCED in linked) > (MOST_VISITORS if key.startswith("u:") else MOST_USERS)


def pairs_of(link: Link) -> tuple[tuple[str, str], ...]:
    """The sets that a link is in, each with the member that it gives it."""
    return (by_user(link.user), link.visitor), (by_visitor(link.visitor), link.user), (ANY, ANY)


def linked_user(at: int, links: Sequence[Link]) -> str:
    """Who a visitor was at an instant, by its links in order: the user of the next, else of the last; empty if none.

    On a shared computer that parts two users: what was done before a sign-in is the one's who then signed in.
    """
    if not links:
        return ""
    place = bisect_left(links, at, key=lambda link: link.at)
    return links[min(place, len(links) - 1)].user


def person_of(fact: Touch | Conversion, links: Sequence[Link], crowded: Collection[str]) -> str:
    """Whose a fact is. `links` are those of its visitor, in order; `crowded` holds the persons that are nobody's."""
    alone = by_visitor(fact.visitor)
    user = by_user(fact.user or linked_user(fact.at, links))
    return alone if user == by_user("") or alone in crowded or user in crowded else user
