"""Joined: finds the touch of each conversion that names a click. The conversion then also belongs to the touch's
visitor. Pure.

A conversion is joined with one touch: the first one with the click id. Touches of landing pages come before others,
earlier touches before later ones. The touch may be at most 90 days older than the conversion. If many visitors have the
same click id, only the visitor of this first touch gets the conversion. A click id that too many conversions name is
crowded, and its conversions are joined with no touch.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from conversions.facts import person
from conversions.facts.click_ids import click_row_kind
from conversions.facts.records import Conversion, Fact, Joined, Touch, plain_fact
from conversions.store.linked import crowded_clicks
from conversions.store.port import ClickSlice, FactReader
from conversions.units.clock import DAY_MS

#: A conversion that names a click is joined with a touch that is at most this much older (ms).
REACH_MS = 90 * DAY_MS


def join(store: FactReader, site: str, facts: Iterable[Fact]) -> list[Joined]:
    """Join conversions with the touches of the clicks that they name. Returns the joined rows, which the caller stores.
    Call it after the facts are written.

    Two kinds of conversions are joined: those among `facts`, and stored conversions whose first touch may be a touch
    among `facts`. Conversions that name a crowded click id are left out.
    """
    own, touches = [], []
    for fact in facts:
        if isinstance(fact, Conversion) and fact.click:
            own.append(fact)
        elif isinstance(fact, Touch) and fact.click_ids:
            touches.append(fact)
    named = {plain_fact(one): one for one in [*own, *_reached(store, site, touches)]}
    crowded = crowded_clicks(store, site, {one.click for one in named.values()})
    return join_first(store, site, [one for one in named.values() if one.click not in crowded])


def join_first(store: FactReader, site: str, conversions: Sequence[Conversion]) -> list[Joined]:
    """Join each conversion with the first touch that has the conversion's click id. Conversions without such a touch
    are left out."""
    slices = {
        ClickSlice(one.click, kind, one.at - REACH_MS, one.at, 1): None
        for one in conversions
        for kind in ("landed", "touch")
    }
    touches = touches_by_click_id(_read(store, site, slices))
    found = (first_of(one, touches.get(one.click, ())) for one in conversions)
    return [row for row in found if row]


def first_of(conversion: Conversion, touches: Iterable[Touch]) -> Joined | None:
    """Join a conversion with one of these touches: the first that is not later than the conversion and not too old.
    None if no touch meets both conditions."""
    near = (touch for touch in touches if 0 <= conversion.at - touch.at <= REACH_MS)
    rows = (Joined(conversion=conversion, touch=touch) for touch in near)
    return min(rows, key=lambda row: row.place, default=None)


def touches_by_click_id(facts: Iterable[Touch | Conversion]) -> dict[str, list[Touch]]:
    """Group the touches among the facts by click id. A touch with several click ids is in several groups."""
    found: dict[str, list[Touch]] = defaultdict(list)
    for fact in facts:
        if isinstance(fact, Touch):
            for click in fact.click_ids:
                found[click].append(fact)
    return found


def _reached(store: FactReader, site: str, touches: Iterable[Touch]) -> Iterator[Conversion]:
    """Read the stored conversions whose first touch may be one of `touches`.

    If an earlier touch has the same click id and is of the same kind, it is already the first touch of all conversions
    in the 90 days after it. These conversions are not read. Therefore few conversions are read even if many visitors
    share a click id. At most MOST_NAMING conversions are read for a click id, because an id with more is crowded and
    joins nobody.
    """
    carried = {(click, click_row_kind(touch), touch.at) for touch in touches for click in touch.click_ids}
    named = _read(store, site, (ClickSlice(click, "conversion", at, at + REACH_MS, 1) for click, _, at in carried))
    clicks = {one.click for one in named if isinstance(one, Conversion)}
    live = sorted(one for one in carried if one[0] in clicks)
    before = touches_by_click_id(
        _read(store, site, (ClickSlice(click, kind, at - REACH_MS, at - 1, 1, True) for click, kind, at in live))
    )
    slices = []
    for click, kind, at in live:
        earlier = [one.at for one in before.get(click, ()) if click_row_kind(one) == kind and one.at < at]
        since = max(at, max(earlier, default=at - REACH_MS - 1) + REACH_MS + 1)
        slices.append(ClickSlice(click, "conversion", since, at + REACH_MS, person.MOST_NAMING))
    yield from (fact for fact in _read(store, site, slices) if isinstance(fact, Conversion))


def _read(store: FactReader, site: str, slices: Iterable[ClickSlice]) -> list[Touch | Conversion]:
    asked = list(dict.fromkeys(slices))
    return list(dict.fromkeys(store.read_by_click_id(site, asked))) if asked else []
