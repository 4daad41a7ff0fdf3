"""Affected: finds the places (bucket and slot) that must be rolled up again after new facts were written.

The result may have too many places, never too few. It doesn't depend on the configuration. Therefore an outdated cache
can't hide a place. Only a bounded number of conversions is read. If there are more, the result also has an instant:
every later bucket may change.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import msgspec

from conversions.facts.records import Conversion, Fact, Joined, Link, Touch
from conversions.facts.slots import place_of
from conversions.rules.parts import Place
from conversions.store.linked import crowd_visitors
from conversions.store.port import AT_LEAST, BoundedRows, ClickSlice, Moment, Span, Store
from conversions.store.spans import visitors_with_more
from conversions.units.clock import DAY_MS, FOR_EVER
from conversions.verdicts.people import People

#: A visitor and an instant (ms). The visitor's conversions from this instant on may change.
Visit = tuple[str, int]
#: The length (ms) of the intervals of `_sampled`. Every month is longer. Therefore an interval lies in at most two
#: months.
STRETCH_MS = 27 * DAY_MS
#: A read returns at most about MOST_A_BATCH conversions, and MOST_A_FACT more for each hit of the batch.
MOST_A_BATCH, MOST_A_FACT = 500, 200
#: If the touches of a visitor may now belong to another person, this many of the newest clicks are read, and as many of
#: the newest views. If the visitor may have more, some touches of each month are read as well.
MOST_MOVED = 200


class Affected(msgspec.Struct, frozen=True):
    """The places (bucket and slot) whose figures must be made again because of new facts.

    `since`: None if the places are complete. Otherwise an instant (ms): the bucket that contains this instant and all
    later buckets may change as well.
    """

    places: frozenset[Place]
    since: int | None = None

    @property
    def buckets(self) -> set[int]:
        """The buckets of the places, without the slots."""
        return {bucket for bucket, _ in self.places}


def affected(
    store: Store,
    site: str,
    facts: Sequence[Fact],
    crowded: Mapping[str, frozenset[str]] | None = None,
    frozen_before: int = 0,
    people: People | None = None,
) -> Affected:
    """Return the places (bucket and slot) of new facts, and of every conversion that these facts may change. Call it
    after the facts are written.

    - A touch may change later conversions of its visitor, and of every visitor who may be the same person. All
      conversions with the same dedupe keys (claims) as these may change, too. If a browser sent a conversion before the
      touch and a server sent the same order after the touch, the touch may change both.
    - A link may change the conversions after the visitor's previous link.
    - A conversion or an adjustment may change all conversions with the same dedupe key.
    - If a goal counts one per person or per click, a changed conversion may change all later conversions of its
      claimants, and of every visitor who may be the same person. All conversions with the same dedupe keys as these may
      change, too.
    - If a conversion is joined with a touch, its claim may change, because the touch's person becomes a claimant.
    - If a user or a visitor becomes crowded, the facts of its visitors may belong to other persons.
    - If a click id becomes crowded, the claims of all conversions that name the id may lose a claimant.

    `crowded`: the linked sets that became too large, as key -> members. `frozen_before`: ms; older touches are not
    read. `people`: a People of the site that was made after the facts were written; without it, a new one is made.
    """
    people, crowded = people or People(store, site), crowded or {}
    moved = [*_newly_linked(store, site, facts), *((visitor, 0) for visitor in crowd_visitors(store, site, crowded))]
    visits = [*moved, *((fact.visitor, fact.at) for fact in facts if isinstance(fact, Touch))]
    hits = sum(not isinstance(fact, Joined) for fact in facts)
    reader = ConversionReader(store, site, MOST_A_BATCH + MOST_A_FACT * hits)
    changed = {fact.claim for fact in facts if not isinstance(fact, Touch | Link)}
    changed |= reader.naming([key[2:] for key in crowded if key.startswith("c:")])
    since = 0 if changed or moved else min((at for _, at in visits), default=0)
    claims = changed | _reached(reader, _earliest(people, visits), since)
    rows = reader.claimed(claims, since)
    stirred = _earliest(people, _changed_visits(rows))
    since = min(stirred.values(), default=0)
    later = reader.claimed(_reached(reader, stirred, since) - claims, since)
    own = [fact for fact in facts if isinstance(fact, Touch | Conversion)]
    touches = _touched(store, site, [Span(visitor, max(since, frozen_before), FOR_EVER) for visitor, since in moved])
    return Affected(frozenset(map(place_of, [*own, *touches, *rows, *later])), reader.since)


class ConversionReader:
    """Reads conversions, at most about `most` at a time, and remembers whether some were left out.

    `since`: None if no conversion was left out. Otherwise an instant (ms): the conversions that were left out may
    change the bucket of this instant and every later bucket.
    """

    def __init__(self, store: Store, site: str, most: int) -> None:
        self._store = store
        self._site = site
        self._most = most
        self.since: int | None = None

    def conversions(self, spans: Sequence[Span], since: int) -> BoundedRows:
        """Read the conversions in spans of visitors' timelines. `since`: ms. Conversions that are left out may change
        no bucket before this instant."""
        return self._note(self._store.read_some_conversions(self._site, self._most, spans), since)

    def claimed(self, claims: Collection[str], since: int) -> list[Conversion | Joined]:
        """Read the conversions with these dedupe keys (claims). `since`: ms. Conversions that are left out may change
        no bucket before this instant."""
        found = self._store.read_some_claims(self._site, self._most, sorted(claims)) if claims else BoundedRows([])
        return self._note(found, since).rows

    def naming(self, clicks: Collection[str]) -> set[str]:
        """Read the dedupe keys of the conversions that name these click ids. If some conversions are left out, any
        bucket may change."""
        if not clicks:
            return set()
        most = self._most // len(clicks) + AT_LEAST
        slices = [ClickSlice(click, "conversion", 0, FOR_EVER, most + 1) for click in clicks]
        rows = [row for row in self._store.read_by_click_id(self._site, slices) if isinstance(row, Conversion)]
        is_cut = any(number > most for number in Counter(row.click for row in rows).values())
        return {row.claim for row in self._note(BoundedRows(list(rows), is_cut), 0).rows}

    def _note(self, found: BoundedRows, since: int) -> BoundedRows:
        if found.is_cut:
            self.since = since if self.since is None else min(self.since, since)
        return found


def _newly_linked(store: Store, site: str, facts: Iterable[Fact]) -> list[Visit]:
    """Return each visitor with a new link, and the time (ms) of the visitor's last link before the new one; 0 if there
    is none.

    The visitor's facts after this time may now belong to another user.
    """
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
    """Read the touches in these spans, which may now belong to another person.

    If a visitor has more than about MOST_MOVED touches, only the newest are read, and at least one of every month that
    has touches. One touch of a month is enough, because the rollup of its bucket also marks the month's fit.
    """
    touches = store.read_touches(site, MOST_MOVED, spans) if spans else []
    long = visitors_with_more(touches, MOST_MOVED)
    return [*touches, *(touch for span in spans if span.visitor in long for touch in _sampled(store, site, span))]


def _sampled(store: Store, site: str, span: Span) -> Iterator[Touch]:
    """Read some touches of a span: at least one of every month that has touches.

    The span is divided into intervals. An interval begins with a touch and lasts STRETCH_MS. The next interval begins
    with the first touch after it. The first and the last touch of each interval are read.

    No month is missed. An interval is shorter than a month, and therefore lies in one or two months. The interval's
    first touch is in the first month. If the second month has touches in the interval, the interval's last touch is one
    of them.
    """
    since = span.since
    while first := store.read_timeline(site, span.visitor, "touch", (since, "", ""), 1):
        since = first[0].at + STRETCH_MS
        yield from store.read_touches(site, 1, [Span(span.visitor, first[0].at, since - 1)])
        yield from (touch for touch in first if isinstance(touch, Touch))


def _reached(reader: ConversionReader, visited: Mapping[str, int], since: int) -> set[str]:
    """Return the dedupe keys (claims) of the conversions that the visitors had at or after their instants. `visited`:
    visitor -> instant (ms).

    A visitor may have an earlier conversion that a browser sent. Its dedupe key is also returned if a server sent a
    conversion with the same key at or after the first of the instants.

    If the visitors have too many conversions, only the conversions at or after the instants are read again, because
    there are usually few of them. Then conversions from servers aren't searched: every bucket that may have one of them
    is marked anyway.
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


def _changed_visits(rows: Sequence[Conversion | Joined]) -> Iterator[Visit]:
    """Yield the visitor of each row, with the time (ms) of the earliest row that has the same dedupe key. The visitor's
    conversions from this time on may change."""
    earliest: dict[str, int] = {}
    for row in rows:
        earliest[row.claim] = min(earliest.get(row.claim, row.at), row.at)
    yield from ((row.visitor, earliest[row.claim]) for row in rows)


def _earliest(people: People, visits: Iterable[Visit]) -> dict[str, int]:
    """Return the visitors whose conversions may change, each with the instant (ms) from which on they may change. These
    are the visitors in `visits`, and all visitors that may be the same person as one of them."""
    visits = list(visits)
    kin = people.kin({visitor for visitor, _ in visits})
    earliest: dict[str, int] = {}
    for visitor, at in visits:
        for one in kin[visitor]:
            earliest[one] = min(earliest.get(one, at), at)
    return earliest


def _spans(earliest: Mapping[str, int]) -> list[Span]:
    """Return one span for each visitor: from its instant (ms) to the end of time."""
    return [Span(visitor, at, FOR_EVER) for visitor, at in earliest.items()]
