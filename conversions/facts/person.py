"""Person: a fact and its visitor's links -> the person that the fact belongs to, a user or the visitor alone. Pure.

A person is a text: `u:` and the user, or `v:` and the visitor. The same text is the key of a linked set: a user's
visitors, or a visitor's users. The set of a click id, `c:` and the id, has the digests of the conversions that name it.
"""

from bisect import bisect_left
from collections.abc import Callable, Collection, Sequence

from conversions.facts.records import Conversion, Fact, Link, Touch, digest

#: A user with more visitors than this is an id that many people share. Even a browser that forgets its visitor's id
#: every day makes fewer visitors in a year.
MOST_VISITORS = 500
#: A visitor with more users than this is a shared machine.
MOST_USERS = 50
#: A click id that more conversions than this name is sent by mistake. A sale a week for two years makes about 100. If
#: an earlier click with the id comes, this many conversions are read and joined once more.
MOST_NAMING = 200
#: The key of a set that is not empty if the site has any link.
ANY = "*"
#: The key of a set that is not empty if any conversion of the site ever named a click.
NAMED = "*click"
#: A fact -> the person that it belongs to.
Whose = Callable[[Touch | Conversion], str]
#: A member that a crowded set gets when every bucket that the crowding may change has been marked.
ANNOUNCED = ""


def by_user(user: str) -> str:
    """The person of a user."""
    return f"u:{user}"


def by_visitor(visitor: str) -> str:
    """The person of a visitor without a user."""
    return f"v:{visitor}"


def by_click(click: str) -> str:
    """The key of the set of a click id."""
    return f"c:{click}"


def itself(fact: Touch | Conversion) -> str:
    """The fact's visitor as its person. The default of functions whose caller doesn't read who the users are."""
    return by_visitor(fact.visitor)


def user_of(person: str) -> str:
    """The user of a person; empty if the person is a visitor without a user."""
    return person[2:] if person.startswith("u:") else ""


def is_crowded(key: str, linked: Collection[str]) -> bool:
    """Whether a linked set is too large: a user has too many visitors, a visitor has too many users, or a click id has
    too many conversions. This user, visitor or click id then joins nobody, for good."""
    most = {"u:": MOST_VISITORS, "v:": MOST_USERS, "c:": MOST_NAMING}.get(key[:2])
    return most is not None and len(linked) - (ANNOUNCED in linked) > most


def pairs_of(fact: Fact) -> tuple[tuple[str, str], ...]:
    """The keys of the linked sets that a fact adds to, each with the member that it adds. Links and conversions that
    name a click add members."""
    if isinstance(fact, Link):
        return (by_user(fact.user), fact.visitor), (by_visitor(fact.visitor), fact.user), (ANY, ANY)
    if isinstance(fact, Conversion) and fact.click:
        return (by_click(fact.click), digest(fact)), (NAMED, NAMED)
    return ()


def linked_user(at: int, links: Sequence[Link]) -> str:
    """The user of a visitor at an instant: the user of the next link; if none follows, the user of the last link. Empty
    if there is no link.

    On a shared computer this separates two users: what was done before a sign-in belongs to the user who then signed
    in. `links`: the visitor's links, in order.
    """
    if not links:
        return ""
    place = bisect_left(links, at, key=lambda link: link.at)
    return links[min(place, len(links) - 1)].user


def person_of(fact: Touch | Conversion, links: Sequence[Link], crowded: Collection[str]) -> str:
    """The person that a fact belongs to: the user that the fact names, or the user by the links; otherwise the visitor.

    `links`: the links of the fact's visitor, in order. `crowded`: the crowded users and visitors, as persons. If the
    fact's visitor or user is one of them, the fact belongs to the visitor.
    """
    alone = by_visitor(fact.visitor)
    user = by_user(fact.user or linked_user(fact.at, links))
    return alone if user == by_user("") or alone in crowded or user in crowded else user
