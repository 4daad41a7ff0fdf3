"""Find: finds the conversions of an order, a click, a hit, a visitor, a user or a conversion's id, and decides them.
Pure."""

from collections.abc import Callable, Iterable, Sequence

import msgspec

from conversions.explain.decided import decide_part
from conversions.facts.person import by_user
from conversions.facts.records import Conversion, Joined, OrderKey, in_order, named_click, order_key
from conversions.facts.touch import click_id_of
from conversions.rules.parts import Place
from conversions.rules.site import SiteConfig
from conversions.store.port import ClickSlice, Store
from conversions.units.clock import FOR_EVER
from conversions.verdicts.cases import Case, read_cases
from conversions.verdicts.naming import Names
from conversions.verdicts.people import People, claimant_fact

#: The position before all facts.
START: OrderKey = (-1 << 60, "", "")
#: Of the conversions that name one click at the same millisecond, at most this many are found. The read of a page
#: begins with all conversions of one millisecond, and those on earlier pages are skipped.
AT_ONE_TIME = 1_000
#: Greater than the number of goals that an order can meet.
MOST_GOALS = 1 << 30


class FoundCases(msgspec.Struct, frozen=True):
    """A page of decided conversions. `next`: the position at which the next page begins; None on the last page.

    `ends`: the position after each conversion. If the page is cut after a conversion, the next page begins at this
    position.
    """

    cases: list[Case]
    next: OrderKey | None = None
    ends: list[OrderKey] = []

    def after(self, number: int) -> OrderKey | None:
        """Return the position at which the next page begins, if this page is cut after `number` conversions. None if no
        conversions follow."""
        return self.ends[number - 1] if number < len(self.cases) else self.next


def find_conversion(store: Store, site: SiteConfig, goal: str, claim: str) -> Case | None:
    """Find and decide the conversion of a goal (uid) with this dedupe key (claim). None if the site has no such
    conversion."""
    mine = [row for row in _conversions(store, site, claim) if row.goal == goal]
    cases = read_cases(store, site, mine, whole_timeline=True)
    return next((case for case in cases if case.verdict.goal.uid == goal), None)


def find_order(
    store: Store, site: SiteConfig, order: str, after: OrderKey = START, limit: int = MOST_GOALS
) -> FoundCases:
    """Find the conversions of an order: one for each goal that the order met."""
    first: dict[str, Conversion] = {}
    for row in in_order(_conversions(store, site, f"o:{order}")):
        first.setdefault(row.goal, row)
    rows = [row for row in first.values() if order_key(row) > after]
    return _page(store, site, rows, limit, lambda row: isinstance(row, Conversion))


def find_click(store: Store, site: SiteConfig, click: str, after: OrderKey, limit: int) -> FoundCases:
    """Find the conversions that name a click id. A conversion is also found if only one of its duplicates names the
    click id."""
    name = named_click(click_id_of(click))
    named = store.read_by_click_id(
        site.key, [ClickSlice(name, "conversion", after[0], FOR_EVER, AT_ONE_TIME + limit + 1)]
    )
    rows = sorted((row for row in named if isinstance(row, Conversion) and order_key(row) > after), key=order_key)
    return _page(store, site, rows, limit, lambda row: isinstance(row, Conversion) and row.click == name)


def find_hit(store: Store, site: SiteConfig, hit: str, after: OrderKey, limit: int) -> FoundCases:
    """Find the conversions with a hit id. A conversion is also found if only one of its duplicates has the hit id."""
    rows = sorted((row for row in store.find_hit(site.key, hit) if order_key(row) > after), key=order_key)
    return _page(store, site, rows, limit, lambda row: row.hit == hit)


def find_visitor(store: Store, site: SiteConfig, visitor: str, after: OrderKey, limit: int) -> FoundCases:
    """Find the conversions of a visitor: the visitor's own conversions, and those that name one of the visitor's
    clicks. A conversion is also found if only one of its duplicates is the visitor's own."""
    facts = store.read_timeline(site.key, visitor, "conversion", after, limit + 1)
    rows = [fact for fact in facts if isinstance(fact, Conversion | Joined)]
    return _page(store, site, rows, limit, lambda row: row.visitor == visitor)


def find_user(store: Store, site: SiteConfig, user: str, after: OrderKey, limit: int) -> FoundCases:
    """Find the conversions of a user on all visitors. A conversion is also found if only one of its duplicates belongs
    to the user."""
    people, person = People(store, site.key), by_user(user)
    visitors = people.visitors_of_user(user)
    facts = [row for one in visitors for row in store.read_timeline(site.key, one, "conversion", after, limit + 1)]
    rows = sorted((fact for fact in facts if isinstance(fact, Conversion | Joined)), key=order_key)

    def is_theirs(row: Conversion | Joined) -> bool:
        people.read_links_of([claimant_fact(row)])
        return people.of(claimant_fact(row)) == person

    return _page(store, site, rows, limit, is_theirs)


def read_ad_names(store: Store, site: SiteConfig, place: Place) -> Names:
    """Read the names of ads in the part of an hour that contains a place (bucket and slot)."""
    return decide_part(store, site, place[0], site.parts.part_of(place)).names


def _conversions(store: Store, site: SiteConfig, claim: str) -> list[Conversion]:
    return [row for row in store.read_claims(site.key, [claim]) if isinstance(row, Conversion)]


def _page(
    store: Store,
    site: SiteConfig,
    rows: Sequence[Conversion | Joined],
    limit: int,
    asked: Callable[[Conversion | Joined], bool],
) -> FoundCases:
    """Decide the conversions that belong to the first `limit` rows. `rows`: stored conversions, in order. `asked`: a
    function that says whether a stored conversion is one that the search looks for.

    If several rows belong to one conversion, the conversion is only on the page that has the first of these rows.
    """
    page = rows[:limit]
    here = {order_key(row) for row in page}
    cases = read_cases(store, site, page, whole_timeline=True)
    places = ((_first(case, asked), case) for case in cases)
    kept = sorted(((place, case) for place, case in places if place in here), key=lambda one: one[0])
    following = order_key(page[-1]) if len(rows) > limit else None
    return FoundCases([case for _, case in kept], following, [place for place, _ in kept])


def _first(case: Case, asked: Callable[[Conversion | Joined], bool]) -> OrderKey:
    rows: list[Conversion | Joined] = [*stored_conversions(case), *case.verdict.joined]
    return min((order_key(row) for row in rows if asked(row)), default=START)


def stored_conversions(case: Case) -> Iterable[Conversion]:
    """List all stored conversions of a case: the one that counts, then its duplicates."""
    yield case.verdict.winner
    yield from (duplicate.conversion for duplicate in case.verdict.duplicates)
