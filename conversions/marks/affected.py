"""Affected: facts that are already written -> the places that they may change. The parts of these places must be
marked.

The result may have too many places, never too few. No configuration is read; therefore no outdated cache can hide a
place. A bounded number of conversions is read. If there are more, the result also has an instant: all buckets from then
on may change.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import msgspec

from conversions.facts.records import Conversion, Fact, Joined, Link, Touch
from conversions.facts.slots import place_of
from conversions.rules.parts import Place
from conversions.store.linked import members_of
from conversions.store.port import AT_LEAST, ClickSlice, Moment, Some, Span, Store
from conversions.store.spans import are_many
from conversions.units.clock import DAY_MS, FOR_EVER
from conversions.verdicts.people import People

#: A visitor, and the instant (ms) from which on the visitor's facts may count differently.
Visit = tuple[str, int]
#: The length (ms) of the intervals of `_sampled`. It is shorter than every month. Therefore at most one month ends in
#: an interval.
STRETCH_MS = 27 * DAY_MS
#: One read returns about this many conversions at most: the first number for the batch, and the second one more for
#: each of the batch's facts.
MOST_A_BATCH, MOST_A_FACT = 500, 200
#: If a visitor's facts may now be another person's, this many of the visitor's newest clicks are read, and as many
#: views. If there may be more touches, some of each month are read, too.
MOST_MOVED = 200


class Affected(msgspec.Struct, frozen=True):
    """Places that may change. `since`: an instant (ms); the bucket that contains it and all later ones may change, too.
    None if there is no such instant."""

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
    crowded: Mapping[str, frozenset[str]] | None = None,
    frozen_before: int = 0,
    people: People | None = None,
) -> Affected:
    """Return the places of the facts and of every conversion that they may change. Call it after the facts are
    written.

    - A touch may change the conversions at its instant or later: those of its visitor, and of every visitor that may be
      the same person. The other conversions of their claims may change with them. The touch may also change an earlier
      conversion that a browser sent, if a server sent a copy of it at the touch's instant or later.
    - A link may change the conversions after the visitor's previous link.
    - A conversion or an adjustment may change its whole claim.
    - If a goal counts one per person or per click, a conversion that changes may change all later conversions of its
      claimants, and of every visitor that may be the same person as a claimant. The claims of these change with them.
    - A joined row may change the claim of its conversion, because the person of its touch becomes a claimant.
    - If a user or a visitor becomes crowded, the facts of its visitors may belong to other persons.
    - If a click id becomes crowded, the claims of all conversions that name it may lose a claimant.

    `crowded`: the sets that became crowded, by key.
    `people`: the site's persons, opened after the facts were written. If absent, they are opened here.
    """
    people, crowded = people or People(store, site), crowded or {}
    moved = [*_moved(store, site, facts), *((visitor, 0) for visitor in members_of(store, site, crowded))]
    visits = [*moved, *((fact.visitor, fact.at) for fact in facts if isinstance(fact, Touch))]
    hits = sum(not isinstance(fact, Joined) for fact in facts)
    reader = ConversionReader(store, site, MOST_A_BATCH + MOST_A_FACT * hits)
    changed = {fact.claim for fact in facts if not isinstance(fact, Touch | Link)}
    changed |= reader.naming([key[2:] for key in crowded if key.startswith("c:")])
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
    """Reads conversions, about `most` at once. `since`: the instant (ms) from which on conversions that were not read
    may change buckets; None if all were read."""

    def __init__(self, store: Store, site: str, most: int) -> None:
        self._store = store
        self._site = site
        self._most = most
        self.since: int | None = None

    def conversions(self, spans: Sequence[Span], since: int) -> Some:
        """Read the conversions of spans. The caller says that those that stay unread change nothing before `since`
        (ms)."""
        return self._note(self._store.read_some_conversions(self._site, self._most, spans), since)

    def claimed(self, claims: Collection[str], since: int) -> list[Conversion | Joined]:
        """Read the conversions of claims, and their joined rows. The caller says that those that stay unread change
        nothing before `since` (ms)."""
        found = self._store.read_some_claims(self._site, self._most, sorted(claims)) if claims else Some([])
        return self._note(found, since).rows

    def naming(self, clicks: Collection[str]) -> set[str]:
        """Read the claims of the conversions that name these clicks. Those that stay unread may change any bucket."""
        if not clicks:
            return set()
        most = self._most // len(clicks) + AT_LEAST
        slices = [ClickSlice(click, "conversion", 0, FOR_EVER, most + 1) for click in clicks]
        rows = [row for row in self._store.read_carried(self._site, slices) if isinstance(row, Conversion)]
        is_cut = any(number > most for number in Counter(row.click for row in rows).values())
        return {row.claim for row in self._note(Some(list(rows), is_cut), 0).rows}

    def _note(self, found: Some, since: int) -> Some:
        if found.is_cut:
            self.since = since if self.since is None else min(self.since, since)
        return found


def _moved(store: Store, site: str, facts: Iterable[Fact]) -> list[Visit]:
    """Return each visitor with a new link, and the time (ms) of the visitor's last link before the first new one; 0 if
    there is none. The visitor's facts after that time may now be another user's."""
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
    """Read the visitors' touches in these intervals, which may now belong to another person.

    Of a visitor with too many, read the newest and at least one of every month that has any: one is enough, because the
    rollup of its bucket marks the month's fit.
    """
    touches = store.read_touches(site, MOST_MOVED, spans) if spans else []
    long = are_many(touches, MOST_MOVED)
    return [*touches, *(touch for span in spans if span.visitor in long for touch in _sampled(store, site, span))]


def _sampled(store: Store, site: str, span: Span) -> Iterator[Touch]:
    """Read the first and the last touches of intervals that begin with a touch. An interval has days of two months at
    most. The first touch is therefore in the one, and the last touch in the other if that has any."""
    since = span.since
    while first := store.read_timeline(site, span.visitor, "touch", (since, "", ""), 1):
        since = first[0].at + STRETCH_MS
        yield from store.read_touches(site, 1, [Span(span.visitor, first[0].at, since - 1)])
        yield from (touch for touch in first if isinstance(touch, Touch))


def _reached(reader: ConversionReader, visited: Mapping[str, int], since: int) -> set[str]:
    """Return the claims of each visitor's conversions from the visitor's instant on. Also return the claim of an
    earlier conversion if a trusted copy of it (one that a server sent) is not earlier than the first of these instants.

    If there are too many conversions to read them all, those from the visitors' instants on are read once more by
    themselves; there are usually few of them. Trusted copies aren't sought in that case: all buckets in which they may
    be are marked anyway.
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
    """Each row's visitor, with the earliest `at` of the row's claim. The visitor's own row may be a later copy of the
    conversion."""
    earliest: dict[str, int] = {}
    for row in rows:
        earliest[row.claim] = min(earliest.get(row.claim, row.at), row.at)
    yield from ((row.visitor, earliest[row.claim]) for row in rows)


def _earliest(people: People, visits: Iterable[Visit]) -> dict[str, int]:
    """Each visitor and each of its kin, with the earliest instant of the visitors to whose kin it belongs."""
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
