"""Affected: facts that are already written -> the places that they may change, whose parts must be marked.

It may mark too many places, never too few. It reads no configuration. Therefore an outdated cache can't make it miss a
place. It reads a bounded number of conversions. If there are more, all buckets from an instant on may change.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import msgspec

from conversions.facts.records import Conversion, Fact, Joined, Link, Touch
from conversions.facts.slots import place_of
from conversions.rules.parts import Place
from conversions.store.port import Moment, Some, Span, Store
from conversions.store.spans import are_many
from conversions.units.clock import DAY_MS, FOR_EVER
from conversions.verdicts.people import People

#: A visitor, and the instant (ms) from which on its facts may count differently.
Visit = tuple[str, int]
#: An interval that is shorter than every month. At most one month ends in it.
STRETCH_MS = 27 * DAY_MS
#: The most conversions that a step reads: the number for a batch, and the number that is added for each of its facts.
MOST_A_BATCH, MOST_A_FACT = 500, 200
#: This many of the newest touches of each kind are read, of a visitor whose facts may now be another person's. If there
#: are more, some of each month are read.
MOST_MOVED = 200


class Affected(msgspec.Struct, frozen=True):
    """Places that may change. If `since` is set, all buckets from the one that contains this instant (ms) on may
    change, too."""

    places: frozenset[Place]
    since: int | None = None

    @property
    def buckets(self) -> set[int]:
        """The buckets of the places."""
        return {bucket for bucket, _ in self.places}


def affected(
    store: Store,
    site: str,
    facts: Sequence[Fact],
    dissolved: Collection[str] = (),
    frozen_before: int = 0,
    people: People | None = None,
) -> Affected:
    """Return the places of the facts and of every conversion that they may change. Call it after the facts are
    written.

    - A touch may change conversions of its visitor, and of every visitor that may be the same person, if they are not
      earlier than the touch. It may then change the other conversions of their claims, too. An earlier conversion that
      a browser sent may change as well, if a server sent a later copy.
    - A link may change the conversions after the visitor's previous link.
    - A conversion or an adjustment may change its whole claim.
    - If a goal counts one per person or per click, all later conversions of the claimants may change, and those of
      every visitor that may be the same person, with their claims.
    - A joined row may change its conversion's claim, and makes its visitor a claimant.

    `dissolved`: visitors whose facts may belong to another person now, because they or their user became crowded.
    `people`: the site's persons, asked for after the facts were written; asked for here if absent.
    """
    people = people or People(store, site)
    moved = [*_moved(store, site, facts), *((visitor, 0) for visitor in dissolved)]
    visits = [*moved, *((fact.visitor, fact.at) for fact in facts if isinstance(fact, Touch))]
    reader = ConversionReader(store, site, MOST_A_BATCH + MOST_A_FACT * len(facts))
    changed = {fact.claim for fact in facts if not isinstance(fact, Touch | Link)}
    since = 0 if changed or moved else min((at for _, at in visits), default=0)
    claims = changed | _reached(reader, _earliest(people, visits), since)
    rows = reader.claimed(claims, since)
    stirred = _earliest(people, _stirred(rows))
    since = min(stirred.values(), default=0)
    later = reader.claimed(_reached(reader, stirred, since) - claims, since)
    own = [fact for fact in facts if isinstance(fact, Touch | Conversion)]
    touches = _touched(store, site, [Span(visitor, max(since, frozen_before), FOR_EVER) for visitor, since in moved])
    return Affected(frozenset(map(place_of, [*own, *touches, *rows, *later])), reader.since)


class ConversionReader:
    """Reads conversions, about `most` at once. `since`: the earliest instant (ms) of a conversion that may not have
    been read; None if all were read."""

    def __init__(self, store: Store, site: str, most: int) -> None:
        self._store = store
        self._site = site
        self._most = most
        self.since: int | None = None

    def conversions(self, spans: Sequence[Span], since: int) -> Some:
        """Read the conversions of spans. A conversion that is not read changes nothing before `since`."""
        return self._note(self._store.read_some_conversions(self._site, self._most, spans), since)

    def claimed(self, claims: Collection[str], since: int) -> list[Conversion | Joined]:
        """Read the conversions of claims, and their joined rows. One that is not read changes nothing before
        `since`."""
        found = self._store.read_some_claims(self._site, self._most, sorted(claims)) if claims else Some([])
        return self._note(found, since).rows

    def _note(self, found: Some, since: int) -> Some:
        if found.is_cut:
            self.since = since if self.since is None else min(self.since, since)
        return found


def _moved(store: Store, site: str, facts: Iterable[Fact]) -> list[Visit]:
    """The visitors of new links, each with the time of its last link before them. Its later facts may now be another
    user's."""
    first: dict[str, int] = {}
    for fact in facts:
        if isinstance(fact, Link):
            first[fact.visitor] = min(first.get(fact.visitor, fact.at), fact.at)
    if not first:
        return []
    before = store.read_last_links(site, [Moment(visitor, at) for visitor, at in first.items()])
    since = {link.visitor: link.at for link in before}
    return [(visitor, since.get(visitor, 0)) for visitor in first]


def _touched(store: Store, site: str, spans: Sequence[Span]) -> list[Touch]:
    """Read touches that may now belong to another person: at least one of every month in which the person's fit may
    change."""
    touches = store.read_touches(site, MOST_MOVED, spans) if spans else []
    long = are_many(touches, MOST_MOVED)
    return [*touches, *(touch for span in spans if span.visitor in long for touch in _sampled(store, site, span))]


def _sampled(store: Store, site: str, span: Span) -> Iterator[Touch]:
    """The first and the last touches of each interval. They include a touch of every month that has any."""
    since = span.since
    while first := store.read_timeline(site, span.visitor, "touch", (since, "", ""), 1):
        since = first[0].at + STRETCH_MS
        yield from store.read_touches(site, 1, [Span(span.visitor, first[0].at, since - 1)])
        yield from (touch for touch in first if isinstance(touch, Touch))


def _reached(reader: ConversionReader, visited: Mapping[str, int], since: int) -> set[str]:
    """The claims of the visitors' conversions from the visitors' instants on. The claim of an earlier conversion is
    included if it has a trusted copy from then on.

    If not all conversions are read, the later ones are read again by themselves. There are usually few of them. Trusted
    copies aren't sought then: all buckets in which they may be are marked anyway.
    """
    if not visited:
        return set()
    first = min(visited.values())
    found = reader.conversions([Span(visitor, 0, FOR_EVER) for visitor in visited], first)
    later = reader.conversions(_spans(visited), since).rows if found.is_cut else found.rows
    reached = {row.claim for row in later if row.at >= visited[row.visitor]}
    if found.is_cut:
        return reached
    earlier = {row.claim for row in found.rows if not row.trusted} - reached
    told = reader.claimed(earlier, first)
    return reached | {row.claim for row in told if row.trusted and row.at >= first}


def _stirred(rows: Sequence[Conversion | Joined]) -> Iterator[Visit]:
    """Each claimant with the earliest `at` of the claim, because its own conversion may be a later copy."""
    earliest: dict[str, int] = {}
    for row in rows:
        earliest[row.claim] = min(earliest.get(row.claim, row.at), row.at)
    yield from ((row.visitor, earliest[row.claim]) for row in rows)


def _earliest(people: People, visits: Iterable[Visit]) -> dict[str, int]:
    """Each visitor and each of its kin, with the earliest instant of the visitor."""
    visits = list(visits)
    kin = people.kin({visitor for visitor, _ in visits})
    earliest: dict[str, int] = {}
    for visitor, at in visits:
        for one in kin[visitor]:
            earliest[one] = min(earliest.get(one, at), at)
    return earliest


def _spans(earliest: Mapping[str, int]) -> list[Span]:
    """One span for each visitor, from its instant on."""
    return [Span(visitor, at, FOR_EVER) for visitor, at in earliest.items()]
