"""Person: finds to whom a touch or a conversion belongs: to a user, or to a visitor without a user. Pure.

A person is a text: `u:USER` or `v:VISITOR`. The same texts are the keys of the linked sets in the store: `u:USER` is
the set of the user's visitors, and `v:VISITOR` is the set of the visitor's users. The set `c:CLICK_ID` has the digests
of the conversions that name the click id.
"""

from bisect import bisect_left
from collections.abc import Callable, Collection, Sequence

from conversions.facts.records import Conversion, Fact, Link, Touch, digest

#: If a user id has more visitors than this, many people share the id. A single user has fewer: a browser that loses its
#: cookies every day makes 365 visitors in a year.
MOST_VISITORS = 500
#: If a visitor has more users than this, many people share the browser.
MOST_USERS = 50
#: If more conversions than this name one click id, the id is a mistake. A customer who buys once a week makes about 100
#: conversions in two years. When an earlier click with the id arrives, up to this many conversions are joined again.
MOST_NAMING = 200
#: The key of a set that is not empty once the site has a link.
ANY = "*"
#: The key of a set that is not empty once a conversion of the site has named a click.
NAMED = "*click"
#: A function from a fact to the person that it belongs to.
Whose = Callable[[Touch | Conversion], str]
#: The member that is added to a crowded set after the affected hours were marked.
ANNOUNCED = ""


def by_user(user: str) -> str:
    """Return `u:USER`, the name of the user as a person. The linked set with the user's visitors has the same text as
    its key."""
    return f"u:{user}"


def by_visitor(visitor: str) -> str:
    """Return `v:VISITOR`: the visitor as a person, and the key of the set of the visitor's users."""
    return f"v:{visitor}"


def by_click(click: str) -> str:
    """Return `c:CLICK_ID`, the key of the set of the conversions that name a click id."""
    return f"c:{click}"


def visitor_alone(fact: Touch | Conversion) -> str:
    """Return the visitor of a fact as its person, even if the visitor has a user."""
    return by_visitor(fact.visitor)


def user_of(person: str) -> str:
    """Return the user id of a person: `u:anna` gives `anna`. Empty if the person is a visitor without a user."""
    return person[2:] if person.startswith("u:") else ""


def is_crowded(key: str, linked: Collection[str]) -> bool:
    """Whether a linked set is crowded: it has too many members. The user, visitor or click id of a crowded set no
    longer joins visitors to one person.

    `key`: `u:USER`, `v:VISITOR` or `c:CLICK_ID`. `linked`: the members of the set: the visitors of the user, the users
    of the visitor, or the conversions that name the click id.
    """
    most = {"u:": MOST_VISITORS, "v:": MOST_USERS, "c:": MOST_NAMING}.get(key[:2])
    return most is not None and len(linked) - (ANNOUNCED in linked) > most


def linked_pairs(fact: Fact) -> tuple[tuple[str, str], ...]:
    """List what a fact adds to linked sets, as pairs (key of the set, new member).

    A link adds its visitor to the user's set, and its user to the visitor's set. A conversion that names a click is
    added to the set of the click id. Other facts add nothing.
    """
    if isinstance(fact, Link):
        return (by_user(fact.user), fact.visitor), (by_visitor(fact.visitor), fact.user), (ANY, ANY)
    if isinstance(fact, Conversion) and fact.click:
        return (by_click(fact.click), digest(fact)), (NAMED, NAMED)
    return ()


def linked_user(at: int, links: Sequence[Link]) -> str:
    """Return the user to whom a visitor belongs at the instant `at` (ms). This is the user of the first link at or
    after `at`. If there is none, it is the user of the last link. Empty if the visitor has no links.

    Example: on a shared computer, a touch before a sign-in belongs to the user who signs in next. `links`: the
    visitor's links, in order.
    """
    if not links:
        return ""
    place = bisect_left(links, at, key=lambda link: link.at)
    return links[min(place, len(links) - 1)].user


def person_of(fact: Touch | Conversion, links: Sequence[Link], crowded: Collection[str]) -> str:
    """Return the person of a fact: the user that the fact names; else the user of the visitor's links (see
    `linked_user`); else the visitor.

    `links`: the links of the fact's visitor, in order. `crowded`: the persons `u:USER` and `v:VISITOR` that are crowded
    (shared by too many). If the user or the visitor is crowded, the person is the visitor.
    """
    alone = by_visitor(fact.visitor)
    user = by_user(fact.user or linked_user(fact.at, links))
    return alone if user == by_user("") or alone in crowded or user in crowded else user
