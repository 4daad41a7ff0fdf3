"""Claimants: lists the persons of a conversion, each with its user, its visitors, and the links between user and
visitors. Pure."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from conversions.explain.find import stored_conversions
from conversions.facts.person import user_of
from conversions.facts.records import Conversion
from conversions.store.port import FactReader, Moment
from conversions.units.formats import Instant
from conversions.verdicts.cases import Case
from conversions.verdicts.people import People
from tracker.collection.hit import iso

#: An explanation lists at most this many persons, visitors (of all persons together) and links (of each visitor).
MAX_PERSONS, MAX_VISITORS, MAX_LINKS = 20, 100, 3


class VisitorLink(msgspec.Struct, frozen=True):
    """A hit by which a visitor named its user."""

    at: Instant
    hit: str


class ClaimantVisitor(msgspec.Struct, frozen=True):
    """A visitor of a person, with the first hits that linked the visitor to the user."""

    visitor: str
    links: Annotated[
        tuple[VisitorLink, ...], Meta(description="The first hits by which the visitor named the user.")
    ] = ()


class Claimant(msgspec.Struct, frozen=True):
    """A person whose touches may get credit for the conversion."""

    user: Annotated[str | None, Meta(description="Null if the person is a visitor without a user.")]
    visitors: tuple[ClaimantVisitor, ...]
    more_visitors: Annotated[int, Meta(description="How many visitors of the person are not listed.")]


class Crowded(msgspec.Struct, frozen=True):
    """A user, a visitor or a click id that is shared by too many, and therefore doesn't join visitors to one person.
    Only one of the three fields is set."""

    user: str | UnsetType = UNSET
    visitor: str | UnsetType = UNSET
    click: str | UnsetType = UNSET


class Claimants(msgspec.Struct, frozen=True):
    """The persons of a conversion. The first person owns the conversion. `crowded`: the conversion's users, visitors
    and click ids that are shared by too many."""

    persons: tuple[Claimant, ...] = ()
    crowded: tuple[Crowded, ...] = ()
    #: How many persons are not listed.
    more: int = 0

    @property
    def user(self) -> str | None:
        """The user who owns the conversion. None if the owner is a visitor without a user."""
        return self.persons[0].user if self.persons else None

    @property
    def visitors(self) -> set[str]:
        """The visitors of all persons in this record."""
        return {one.visitor for person in self.persons for one in person.visitors}


def read_claimants(store: FactReader, site: str, case: Case) -> Claimants:
    """Read the persons of a conversion, and the conversion's users, visitors and click ids that are crowded."""
    people = People(store, site)
    rows = list(stored_conversions(case))
    people.read_links_of([*rows, *(one.touch for one in case.verdict.joined)])
    verdict = case.verdict
    persons = [verdict.person, *(one for one in verdict.claimants if one != verdict.person)]
    listed = persons[:MAX_PERSONS]
    most = MAX_VISITORS // len(listed)
    found = tuple(_claimant(store, site, people, person, most) for person in listed)
    return Claimants(found, _crowded(people, rows)[:MAX_PERSONS], len(persons) - len(listed))


def _claimant(store: FactReader, site: str, people: People, person: str, most: int) -> Claimant:
    user, visitors = user_of(person), people.visitors(person)
    if not user:
        return Claimant(None, tuple(ClaimantVisitor(visitor, ()) for visitor in visitors), 0)
    listed = list(visitors)[:most]
    mine: dict[str, list[VisitorLink]] = {visitor: [] for visitor in listed}
    for link in store.read_next_links(site, [Moment(visitor, 0) for visitor in listed]):
        if link.user == user:
            mine[link.visitor].append(VisitorLink(iso(link.at), link.hit))
    found = (ClaimantVisitor(visitor, tuple(links[:MAX_LINKS])) for visitor, links in mine.items())
    return Claimant(user, tuple(found), len(visitors) - len(listed))


def _crowded(people: People, rows: Sequence[Conversion]) -> tuple[Crowded, ...]:
    keys = sorted({person for row in rows for person in people.crowded(row)})
    clicks = people.crowded_clicks({row.click for row in rows if row.click})
    # The winner's click id comes first, because the list is cut and an explanation needs this id.
    in_turn = sorted(clicks, key=lambda click: (click != rows[0].click, click))
    persons = (Crowded(user=user) if (user := user_of(key)) else Crowded(visitor=key[2:]) for key in keys)
    return *(Crowded(click=click) for click in in_turn), *persons
