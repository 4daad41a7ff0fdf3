"""Joined: facts that are already written -> the rows that join conversions to the visitors whose clicks they name.

A conversion that names a click is joined with the first touch that carries the click's id. Touches of landing pages
come before others, and earlier touches before later ones. The touch may be at most 90 days older than the conversion.
If many visitors carry one click id, only the visitor of the first touch is joined. Otherwise the ads of all these
visitors could get credit. A click id that too many conversions name is crowded and joins nobody. Pure.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from conversions.facts import person
from conversions.facts.carried import kind_carried
from conversions.facts.records import Conversion, Fact, Joined, Touch, plain_fact
from conversions.store.linked import crowded_clicks
from conversions.store.port import ClickSlice, FactReader
from conversions.units.clock import DAY_MS

#: The click that a conversion names may be at most this much older than the conversion, ms.
REACH_MS = 90 * DAY_MS


def join(store: FactReader, site: str, facts: Iterable[Fact]) -> list[Joined]:
    """Return the joined rows of the conversions among the facts, and of all stored conversions whose first touch may be
    one of the touches among the facts. Those that name a crowded click id are left out."""
    own, touches = [], []
    for fact in facts:
        if isinstance(fact, Conversion) and fact.click:
            own.append(fact)
        elif isinstance(fact, Touch) and fact.carried:
            touches.append(fact)
    named = {plain_fact(one): one for one in [*own, *_reached(store, site, touches)]}
    crowded = crowded_clicks(store, site, {one.click for one in named.values()})
    return join_first(store, site, [one for one in named.values() if one.click not in crowded])


def join_first(store: FactReader, site: str, conversions: Sequence[Conversion]) -> list[Joined]:
    """Join each of the conversions with its first touch. A conversion that no touch reaches is left out."""
    slices = {
        ClickSlice(one.click, kind, one.at - REACH_MS, one.at, 1): None
        for one in conversions
        for kind in ("landed", "touch")
    }
    touches = by_click(_read(store, site, slices))
    found = (first_of(one, touches.get(one.click, ())) for one in conversions)
    return [row for row in found if row]


def first_of(conversion: Conversion, touches: Iterable[Touch]) -> Joined | None:
    """Join the conversion with the first of these touches that is neither later nor too old; None if there is none."""
    near = (touch for touch in touches if 0 <= conversion.at - touch.at <= REACH_MS)
    rows = (Joined(conversion=conversion, touch=touch) for touch in near)
    return min(rows, key=lambda row: row.place, default=None)


def by_click(facts: Iterable[Touch | Conversion]) -> dict[str, list[Touch]]:
    """Group the touches among the facts by each click id that they carry."""
    found: dict[str, list[Touch]] = defaultdict(list)
    for fact in facts:
        if isinstance(fact, Touch):
            for click in fact.carried:
                found[click].append(fact)
    return found


def _reached(store: FactReader, site: str, touches: Iterable[Touch]) -> Iterator[Conversion]:
    """Read the conversions that name a click of these touches, except those that an earlier touch of the same kind
    reaches. One of these touches can't be the first touch of such a conversion.

    A conversion is out of the reach of an earlier touch if it is more than 90 days later. Therefore a touch reads only
    the conversions that it may change, however many visitors carry one click id. If more than MOST_NAMING conversions
    name the id, it is crowded, and those that stay unread are not joined.
    """
    carried = {(click, kind_carried(touch), touch.at) for touch in touches for click in touch.carried}
    named = _read(store, site, (ClickSlice(click, "conversion", at, at + REACH_MS, 1) for click, _, at in carried))
    clicks = {one.click for one in named if isinstance(one, Conversion)}
    live = sorted(one for one in carried if one[0] in clicks)
    before = by_click(
        _read(store, site, (ClickSlice(click, kind, at - REACH_MS, at - 1, 1, True) for click, kind, at in live))
    )
    slices = []
    for click, kind, at in live:
        earlier = [one.at for one in before.get(click, ()) if kind_carried(one) == kind and one.at < at]
        since = max(at, max(earlier, default=at - REACH_MS - 1) + REACH_MS + 1)
        slices.append(ClickSlice(click, "conversion", since, at + REACH_MS, person.MOST_NAMING))
    yield from (fact for fact in _read(store, site, slices) if isinstance(fact, Conversion))


def _read(store: FactReader, site: str, slices: Iterable[ClickSlice]) -> list[Touch | Conversion]:
    asked = list(dict.fromkeys(slices))
    return list(dict.fromkeys(store.read_carried(site, asked))) if asked else []
