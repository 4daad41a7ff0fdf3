"""Affected: facts that are already written -> the buckets that they may change, which must be marked.

It may mark too many buckets, never too few. It reads no configuration. Therefore an outdated cache can't make it miss a
bucket.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from conversions.facts.records import Conversion, Fact, Link, Touch
from conversions.rules.goals import MOST_TOUCHES
from conversions.store.port import Moment, Span, Store
from conversions.store.spans import are_many
from conversions.units.clock import DAY_MS, FOR_EVER
from conversions.verdicts.people import People

#: A visitor, and the instant (ms) from which on its facts may count differently.
Visit = tuple[str, int]
#: An interval that is shorter than every month. At most one month ends in it.
STRETCH_MS = 27 * DAY_MS


def affected(
    store: Store, site: str, facts: Sequence[Fact], dissolved: Collection[str] = (), frozen_before: int = 0
) -> set[int]:
    """Return the buckets of the facts and of every conversion that they may change. Call it after the facts are
    written.

    - A touch may change conversions of its visitor, and of every visitor that may be the same person, if they are not
      earlier than the touch. It may then change the other conversions of their claims, too. An earlier conversion that
      a browser sent may change as well, if a server sent a later copy.
    - A link may change the conversions after the visitor's previous link.
    - A conversion or an adjustment may change its whole claim.
    - If a goal counts one per person or per click, all later conversions of the claimants may change, and those of
      every visitor that may be the same person, with their claims.

    `dissolved`: visitors whose facts may belong to another person now, because they or their user became crowded.
    """
    people = People(store, site)
    moved = [*_moved(store, site, facts), *((visitor, 0) for visitor in dissolved)]
    visits = [*moved, *((fact.visitor, fact.at) for fact in facts if isinstance(fact, Touch))]
    changed = {fact.claim for fact in facts if not isinstance(fact, Touch | Link)}
    claims = changed | (_reached(store, site, _earliest(people, visits)) if visits else set())
    rows = _claimed(store, site, claims)
    later = store.read_conversions(site, _spans(_earliest(people, _stirred(rows)))) if rows else []
    others = _claimed(store, site, {row.claim for row in later} - claims)
    own = [fact.bucket for fact in facts if isinstance(fact, Touch | Conversion)]
    touches = _touched(store, site, [Span(visitor, max(since, frozen_before), FOR_EVER) for visitor, since in moved])
    return {*own, *(touch.bucket for touch in touches), *(row.bucket for row in [*rows, *later, *others])}


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
    """Touches that may now belong to another person: at least one of every month in which the person's fit may
    change."""
    touches = store.read_touches(site, MOST_TOUCHES, spans) if spans else []
    long = are_many(touches, MOST_TOUCHES)
    return [*touches, *(touch for span in spans if span.visitor in long for touch in _sampled(store, site, span))]


def _sampled(store: Store, site: str, span: Span) -> Iterator[Touch]:
    """The first and the last touches of each interval. They include a touch of every month that has any."""
    since = span.since
    while first := store.read_timeline(site, span.visitor, "touch", (since, "", ""), 1):
        since = first[0].at + STRETCH_MS
        yield from store.read_touches(site, 1, [Span(span.visitor, first[0].at, since - 1)])
        yield from (touch for touch in first if isinstance(touch, Touch))


def _reached(store: Store, site: str, since: Mapping[str, int]) -> set[str]:
    """The claims of the visitors' conversions that are not earlier than the visitors' instants, or whose trusted copies
    aren't."""
    rows = store.read_conversions(site, [Span(visitor, 0, FOR_EVER) for visitor in since])
    reached = {row.claim for row in rows if row.at >= since[row.visitor]}
    earlier = {row.claim for row in rows if not row.trusted} - reached
    first = min(since.values())
    return reached | {row.claim for row in _claimed(store, site, earlier) if row.trusted and row.at >= first}


def _claimed(store: Store, site: str, claims: set[str]) -> list[Conversion]:
    """Read the conversions of claims."""
    rows = store.read_claims(site, sorted(claims)) if claims else []
    return [row for row in rows if isinstance(row, Conversion)]


def _stirred(rows: Sequence[Conversion]) -> Iterator[Visit]:
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
