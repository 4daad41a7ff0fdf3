"""Claimants: who the persons of a case are, for explaining: their users, their visitors and by which links. Pure."""

from collections.abc import Iterable

import msgspec

from conversions.explain.find import rows_of
from conversions.facts.person import user_of
from conversions.facts.records import Conversion, Link
from conversions.store.port import FactReader, Moment
from conversions.verdicts.cases import Case
from conversions.verdicts.people import People

#: Of a person's visitors, and of the links of each, so many are listed: the first.
MAX_VISITORS, MAX_LINKS = 100, 3


class Member(msgspec.Struct, frozen=True):
    """A visitor of a person, with the first links by which it is its user's."""

    visitor: str
    links: tuple[Link, ...] = ()


class Claimant(msgspec.Struct, frozen=True):
    """A person whose touches count for a case. `user` is empty for a visitor by itself; `more` are not listed."""

    user: str
    members: tuple[Member, ...]
    more: int = 0


class Claimants(msgspec.Struct, frozen=True):
    """The persons of a case, the winner's first, and which of its users and visitors are nobody's (as persons)."""

    persons: tuple[Claimant, ...] = ()
    crowded: tuple[str, ...] = ()


def read_claimants(store: FactReader, site: str, case: Case) -> Claimants:
    """Who claims a case."""
    people = People(store, site)
    rows = list(rows_of(case))
    people.meet(rows)
    verdict = case.verdict
    persons = [verdict.person, *(one for one in verdict.claimants if one != verdict.person)]
    return Claimants(tuple(_claimant(store, site, people, person) for person in persons), _crowded(people, rows))


def _claimant(store: FactReader, site: str, people: People, person: str) -> Claimant:
    user, visitors = user_of(person), people.visitors(person)
    if not user:
        return Claimant("", tuple(Member(visitor) for visitor in visitors))
    listed = list(visitors)[:MAX_VISITORS]
    mine: dict[str, list[Link]] = {visitor: [] for visitor in listed}
    for link in store.read_next_links(site, [Moment(visitor, 0) for visitor in listed]):
        if link.user == user:
            mine[link.visitor].append(link)
    members = (Member(visitor, tuple(links[:MAX_LINKS])) for visitor, links in mine.items())
    return Claimant(user, tuple(members), len(visitors) - len(listed))


def _crowded(people: People, rows: Iterable[Conversion]) -> tuple[str, ...]:
    return tuple(sorted({person for row in rows for person in people.crowded(row)}))
