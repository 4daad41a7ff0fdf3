"""Affected: the buckets that a batch's facts may change. They include every bucket whose figures change."""

import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from conversions.facts.person import linked_pairs
from conversions.facts.records import Adjustment, Conversion, Fact, Link, OrderKey, Touch, in_order, order_key
from conversions.facts.slots import place_of
from conversions.marks.affected import MOST_A_BATCH, MOST_A_FACT, MOST_MOVED, affected
from conversions.rules import budget
from conversions.rules.goals import Counting, Goal, GoalVersion
from conversions.rules.parts import Place
from conversions.rules.site import SiteConfig
from conversions.store.port import AT_LEAST, BoundedRows, Cell, Linked, Moment, Span, Store
from conversions.units.clock import FOR_EVER, month_of
from conversions.verdicts.cases import read_cases
from reporting.figures.figures import figures
from reporting.figures.sums import hour_cells

HOUR = 3_600_000


@pytest.fixture
def site() -> str:
    """A site of the test's own."""
    return f"affected-{uuid4().hex}"


def touch(site: str, hour: int, visitor: str = "ann", hit: str = "t", click_id: str = "") -> Touch:
    """Return a click in the middle of an hour."""
    at = hour * HOUR + HOUR // 2
    return Touch(site=site, visitor=visitor, kind="click", at=at, hit=hit, click_id=click_id, bucket=hour * HOUR)


def link(site: str, hour: int, visitor: str = "ann", user: str = "u", hit: str = "l") -> Link:
    """Return the link of a visitor who signs in in the middle of an hour."""
    return Link(site=site, visitor=visitor, user=user, at=hour * HOUR + HOUR // 2, hit=hit)


def sale(site: str, hour: int, visitor: str = "ann", hit: str = "", order: str = "", goal: str = "g") -> Conversion:
    """Return a conversion in the middle of an hour."""
    at, hit = hour * HOUR + HOUR // 2, hit or f"c{hour}{visitor}"
    return Conversion(site=site, visitor=visitor, at=at, hit=hit, goal=goal, version=1, order=order, bucket=hour * HOUR)


def change(site: str, order: str) -> Adjustment:
    """Return a retraction."""
    return Adjustment(site=site, order=order, at=0, hit="r", kind="retract")


def hours(store: Store, site: str, known: Sequence[Fact], *new: Fact) -> list[int]:
    """Return the hours that new facts may change, given the known ones."""
    store.add_facts([*known, *new])
    return sorted(bucket // HOUR for bucket in affected(store, site, new).buckets)


def test_a_touch_affects_its_own_bucket_and_its_visitors_later_conversions(store: Store, site: str) -> None:
    known = [sale(site, 1), sale(site, 5), sale(site, 9), sale(site, 6, "bob")]
    assert hours(store, site, known, touch(site, 4)) == [4, 5, 9]


def test_a_touch_at_the_instant_of_a_conversion_affects_it(store: Store, site: str) -> None:
    assert hours(store, site, [sale(site, 4)], touch(site, 4, hit="t")) == [4]
    at = sale(site, 4).at
    new = Touch(site=site, visitor="ann", kind="click", at=at, hit="t2", bucket=0)
    assert affected(store, site, [new]).buckets == {0, 4 * HOUR}


def test_a_touch_affects_the_order_that_its_visitor_claims_after_another(store: Store, site: str) -> None:
    # bob has the order's first conversion. ann claims it later, and she has the touch.
    known = [sale(site, 5, "bob", order="o"), sale(site, 7, "ann", order="o")]
    assert hours(store, site, known, touch(site, 4, "ann")) == [4, 5, 7]


def test_a_touch_affects_a_hit_that_two_visitors_sent(store: Store, site: str) -> None:
    known = [sale(site, 5, "bob", hit="same"), sale(site, 7, "ann", hit="same")]
    assert hours(store, site, known, touch(site, 4, "ann")) == [4, 5, 7]


def test_an_earlier_copy_of_an_order_affects_the_bucket_where_it_was_counted(store: Store, site: str) -> None:
    known = [sale(site, 9, order="o"), sale(site, 12, "bob", order="o")]
    assert hours(store, site, known, sale(site, 3, "cyd", order="o")) == [3, 9, 12]


def test_a_conversion_affects_its_persons_later_conversions_and_no_earlier_ones(store: Store, site: str) -> None:
    known = [sale(site, 1), sale(site, 5), sale(site, 9), sale(site, 9, "bob")]
    assert hours(store, site, known, sale(site, 4)) == [4, 5, 9]


def test_a_conversion_that_takes_an_order_over_affects_the_former_claimants_later_sales(
    store: Store, site: str
) -> None:
    # From now on bob's order is ann's, which may make bob's sale at 8 his first.
    known = [sale(site, 6, "bob", order="o"), sale(site, 8, "bob"), sale(site, 9, "ann")]
    assert hours(store, site, known, sale(site, 3, "ann", order="o")) == [3, 6, 8, 9]


def test_an_adjustment_affects_its_order_and_all_claimants_later_conversions(store: Store, site: str) -> None:
    known = [sale(site, 2, order="o"), sale(site, 4), sale(site, 6, "bob", order="o"), sale(site, 8, "bob")]
    # The order is ann's at 2 and bob's claim is a copy. bob's conversions after 2 are later than the order, too.
    known += [sale(site, 1), sale(site, 5, "bob"), sale(site, 1, "bob"), sale(site, 9, "cyd")]
    assert hours(store, site, known, change(site, "o")) == [2, 4, 5, 6, 8]


def test_a_touch_that_changes_a_conversions_click_affects_its_claimants_later_conversions(
    store: Store, site: str
) -> None:
    # The order at 4 is also bob's, and may have taken bob's click. bob's order at 6 is first cyd's at 5.
    known = [sale(site, 4, order="o"), sale(site, 7, "bob", order="o")]
    known += [sale(site, 6, "bob", order="p"), sale(site, 5, "cyd", order="p"), sale(site, 9, "dan")]
    assert hours(store, site, known, touch(site, 2)) == [2, 4, 5, 6, 7]


def test_an_adjustment_before_its_order_affects_nothing(store: Store, site: str) -> None:
    assert hours(store, site, [sale(site, 2, order="other")], change(site, "o")) == []


def test_a_batch_affects_what_each_of_its_facts_affects(store: Store, site: str) -> None:
    known = [sale(site, 5), sale(site, 6, "bob"), sale(site, 8, "cyd", order="o")]
    new = [touch(site, 4), touch(site, 7, "bob"), change(site, "o"), sale(site, 1, "dan")]
    assert hours(store, site, known, *new) == [1, 4, 5, 7, 8]


def test_other_sites_are_not_affected(store: Store, site: str) -> None:
    other = f"{site}-other"
    store.add_facts([sale(other, 5), sale(other, 6, order="o")])
    assert hours(store, site, [], touch(site, 4), change(site, "o")) == [4]


def test_a_conversion_that_takes_a_click_affects_an_order_that_somebody_else_placed_first(
    store: Store, site: str
) -> None:
    # The order is bob's at 3. ann's copy at 4 gave it her click at 1.
    known = [touch(site, 1), sale(site, 3, "bob", order="o"), sale(site, 4, order="o")]
    assert hours(store, site, known, sale(site, 2)) == [2, 3, 4]


def test_a_link_affects_its_person_on_any_device_since_the_visitors_previous_link(store: Store, site: str) -> None:
    known = [sale(site, hour, "phone") for hour in (1, 3, 5)] + [link(site, 0, "phone"), link(site, 2, "laptop", "w")]
    assert hours(store, site, known, link(site, 4, "laptop")) == [3, 5]


def test_two_workers_with_a_link_each_together_mark_everyone_who_lost_a_touch(store: Store, site: str) -> None:
    # The click at 1 was dan's. He signed in at 9 and had bought on his phone at 2. Now two users sign in between.
    known = [
        touch(site, 1, "kiosk"),
        link(site, 9, "kiosk", "dan"),
        link(site, 0, "phone", "dan"),
        sale(site, 2, "phone"),
    ]
    new = [link(site, 5, "kiosk", "cyd"), link(site, 6, "kiosk", "eve")]
    store.add_facts([*known, *new])
    assert 2 * HOUR in affected(store, site, new[:1]).buckets | affected(store, site, new[1:]).buckets


def test_a_conversion_affects_its_persons_later_conversions_on_any_device(store: Store, site: str) -> None:
    known = [link(site, 0, "phone"), link(site, 9, "laptop"), sale(site, 5, "laptop"), sale(site, 1, "laptop")]
    assert hours(store, site, known, sale(site, 3, "phone")) == [3, 5]


def test_everything_of_a_person_dissolved_by_crowding_is_marked(store: Store, site: str) -> None:
    store.add_facts([sale(site, 1, "phone"), touch(site, 3, "laptop"), sale(site, 4, "bob")])
    assert affected(store, site, [], {"u:ann": frozenset(["phone", "laptop"])}).buckets == {1 * HOUR, 3 * HOUR}


def test_a_link_affects_months_beyond_the_newest_touches_of_a_long_timeline(store: Store, site: str) -> None:
    months = [touch(site, day * 24, hit=f"t{day}") for day in (10, 25, 40, 70, 71, 100)]
    store.add_facts(months)
    store.add_facts([touch(site, 150 * 24, hit=f"n{number}") for number in range(MOST_MOVED)])
    new = link(site, 30 * 24)
    store.add_facts([new])
    assert {month_of(bucket, "UTC") for bucket in affected(store, site, [new]).buckets} == {
        *("1970-01", "1970-02", "1970-03", "1970-04", "1970-05"),
    }


def test_a_link_does_not_affect_frozen_months(store: Store, site: str) -> None:
    new = link(site, 30 * 24)
    store.add_facts([touch(site, 10 * 24, hit="old"), touch(site, 40 * 24, hit="new"), new])
    assert affected(store, site, [new], frozen_before=20 * 24 * HOUR).buckets == {40 * 24 * HOUR}


def some(rows: list[Fact], most: int) -> BoundedRows:
    """Return only the last of these rows, as a bounded read does."""
    return BoundedRows(rows[-most:], len(rows) > most)  # type: ignore[arg-type]


class Known:
    """The reads of a store, over a list of facts."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self.facts = list(facts)

    def _spanned(self, kind: type[Fact], spans: Iterable[Span]) -> list[Fact]:
        wanted = list(spans)
        return [
            fact
            for fact in self.facts
            if isinstance(fact, kind)
            and any(fact.visitor == one.visitor and one.since <= fact.at <= one.until for one in wanted)  # type: ignore[union-attr]
        ]

    def read_touches(self, _site: str, newest: int, spans: Iterable[Span]) -> list[Fact]:
        return [touch for span in spans for touch in in_order(self._spanned(Touch, [span]))[-newest:]]

    def read_timeline(self, _site: str, visitor: str, _kind: str, after: OrderKey, limit: int) -> list[Fact]:
        touches = in_order(self._spanned(Touch, [Span(visitor, after[0], FOR_EVER)]))
        return [touch for touch in touches if order_key(touch) > after][:limit]

    def read_conversions(self, _site: str, spans: Iterable[Span]) -> list[Fact]:
        return self._spanned(Conversion, spans)

    def read_claims(self, _site: str, claims: Iterable[str]) -> list[Fact]:
        wanted = set(claims)
        return [fact for fact in self.facts if isinstance(fact, Conversion | Adjustment) and fact.claim in wanted]

    def read_some_conversions(self, site: str, most: int, spans: Iterable[Span]) -> BoundedRows:
        return some(self.read_conversions(site, spans), most)

    def read_some_claims(self, site: str, most: int, claims: Iterable[str]) -> BoundedRows:
        return some([row for row in self.read_claims(site, claims) if isinstance(row, Conversion)], most)

    def read_part(self, place: Place) -> list[Fact]:
        return [fact for fact in self.facts if isinstance(fact, Touch | Conversion) and place_of(fact) == place]

    def places(self) -> set[Place]:
        return {place_of(fact) for fact in self.facts if isinstance(fact, Touch | Conversion)}

    def _links(self, moment: Moment) -> list[Link]:
        return in_order(fact for fact in self.facts if isinstance(fact, Link) and fact.visitor == moment.visitor)

    def read_linked(self, _site: str, keys: Iterable[str]) -> list[Linked]:
        wanted = set(keys)
        return [
            Linked(*pair) for pair in {pair for fact in self.facts for pair in linked_pairs(fact)} if pair[0] in wanted
        ]

    def read_next_links(self, _site: str, moments: Iterable[Moment]) -> list[Link]:
        return [link for one in moments for link in self._links(one) if link.at >= one.at]

    def read_last_links(self, _site: str, moments: Iterable[Moment]) -> list[Link]:
        earlier = ([link for link in self._links(one) if link.at < one.at] for one in moments)
        return [links[-1] for links in earlier if links]


def counts(counting: Counting) -> Goal:
    """Return a goal with a window of four hours."""
    version = GoalVersion(version=1, starts_at=0, counting=counting, click_window=4 * HOUR)
    return Goal(uid=counting, key=counting, versions=(version,))


SHOP = SiteConfig(key="s", goals=(counts("every"), counts("once"), counts("click")))


def rolled_up(store: Known, place: Place) -> list[Cell]:
    """Return the figures of a bucket, as the rollup makes them."""
    facts, bucket = store.read_part(place), place[0]
    sales = [fact for fact in facts if isinstance(fact, Conversion)]
    touches = [fact for fact in facts if isinstance(fact, Touch)]
    return hour_cells(bucket, figures(SHOP, bucket, touches, read_cases(store, SHOP, sales)))  # type: ignore[arg-type]


def any_facts(rng: random.Random, goal: str, people: str) -> list[Fact]:
    """Return the facts of one hit, drawn from few visitors, users, orders and hours."""
    hour, visitor, order = rng.randrange(8), rng.choice(people), rng.choice(["", "o", "o"])
    kind = rng.choice(["touch", "touch", "sale", "sale", "sale", "change", *(["link"] * 3 if len(people) > 2 else [])])
    user = rng.choice(["", "", "X", "Y", "Z"]) if len(people) > 2 else ""
    if kind == "touch":
        made = touch("s", hour, visitor, hit=rng.choice(["t", f"t{hour}{visitor}"]), click_id=rng.choice(["", "", "g"]))
    elif kind == "sale":
        made = sale("s", hour, visitor, order=order, goal=goal)
        made = msgspec.structs.replace(made, trusted=rng.random() < 0.2)
    elif kind == "change":
        return [change("s", order or "o")]
    else:
        return [link("s", hour, visitor, user or "X", hit=rng.choice("ab"))]
    own = [link("s", hour, visitor, user, hit=made.hit)] if user else []
    return [msgspec.structs.replace(made, user=user), *own]


@pytest.mark.parametrize("people", ["AB", "ABC", "ABCD"])
@pytest.mark.parametrize("goal", ["every", "once", "click"])
def test_every_part_whose_figures_change_is_affected(goal: str, people: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(goal + people)
    for _ in range(1_000):
        for name in ("SHARED_TOUCHES", "LEAST_TOUCHES", "CONVERSIONS_ELSEWHERE", "CLICKS_SEARCHED"):
            monkeypatch.setattr(budget, name, rng.choice([1, 2, 3, 100]))
        known = [fact for _ in range(rng.randrange(2, 9)) for fact in any_facts(rng, goal, people)]
        new = any_facts(rng, goal, people)
        before, after = Known(dict.fromkeys(known)), Known(dict.fromkeys([*known, *new]))
        assert changed_places(before, after) <= affected(after, "s", new).places, (known, new)  # type: ignore[arg-type]


def changed_places(before: Known, after: Known) -> set[Place]:
    """Return the places whose figures change, each as a part of one slot."""
    return {place for place in after.places() if rolled_up(before, place) != rolled_up(after, place)}


@pytest.mark.parametrize("people", ["AB", "ABC"])
@pytest.mark.parametrize("goal", ["every", "once", "click"])
def test_everything_that_changes_is_affected_even_if_reads_are_bounded(
    goal: str, people: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(goal + people)
    cut = 0
    for _ in range(500):
        monkeypatch.setattr("conversions.marks.affected.MOST_A_BATCH", rng.randrange(4))
        monkeypatch.setattr("conversions.marks.affected.MOST_A_FACT", 0)
        known = [fact for _ in range(rng.randrange(4, 12)) for fact in any_facts(rng, goal, people)]
        new = any_facts(rng, goal, people)
        before, after = Known(dict.fromkeys(known)), Known(dict.fromkeys([*known, *new]))
        found = affected(after, "s", new)  # type: ignore[arg-type]
        later = {place for place in after.places() if found.since is not None and place[0] + HOUR > found.since}
        assert changed_places(before, after) <= found.places | later, (known, new)
        cut += (found.since or 0) > 0
    assert cut


@pytest.mark.parametrize("timezone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu"])
def test_a_link_affects_every_month_of_a_timeline_that_is_too_long_to_read(
    timezone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conversions.marks.affected.MOST_MOVED", 5)
    rng = random.Random(timezone)
    for _ in range(300):
        middle = rng.randrange(400)
        times = [rng.choice([rng.randrange(400 * 24), middle * 24 + rng.randrange(72)]) for _ in range(40)]
        hits = enumerate(rng.sample(times, rng.randrange(5, 40)))
        touches = [touch("s", hour, hit=f"t{number}") for number, hour in hits]
        new = link("s", 0)
        found = affected(Known([*touches, new]), "s", [new]).buckets  # type: ignore[arg-type]
        months = {month_of(fact.bucket, timezone) for fact in touches}
        assert months == {month_of(bucket, timezone) for bucket in found}


def test_a_link_affects_an_order_of_another_before_it_even_if_reads_are_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("conversions.marks.affected.MOST_A_BATCH", 1)
    monkeypatch.setattr("conversions.marks.affected.MOST_A_FACT", 0)
    # bob placed the order at 2. ann, who sent a copy at 5, turns out to be u, whose phone has a click.
    known: list[Fact] = [
        touch("s", 1, "phone"),
        link("s", 0, "phone"),
        link("s", 3, "ann", "w"),
        sale("s", 2, "bob", order="o"),
    ]
    known += [sale("s", 5, "ann", order="o"), sale("s", 6, "ann"), sale("s", 7, "ann")]
    known = [msgspec.structs.replace(one, goal="every") if isinstance(one, Conversion) else one for one in known]
    new = link("s", 4, "ann", hit="l2")
    before, after = Known(known), Known([*known, new])
    assert 2 * HOUR in {bucket for bucket, _ in changed_places(before, after)}
    assert affected(after, "s", [new]).since == 0  # type: ignore[arg-type]


class Counting:
    """A store that counts the facts that it reads."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.read = 0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            found = getattr(self.store, name)(*args)
            self.read += len(found.rows if isinstance(found, BoundedRows) else found)
            return found

        return call


@pytest.fixture
def crowd(store: Store, site: str) -> str:
    """A site where ann has thousands of sales and clicks. Others share her orders; all of them are one user."""
    mine = [sale(site, n, hit=f"c{n}", order=f"o{n}") for n in range(3_000)]
    shared = [sale(site, n, f"v{n % 100}", hit=f"s{n}", order="shared") for n in range(3_000)]
    touches = [touch(site, n, hit=f"t{n}") for n in range(3_000)]
    links = [link(site, n, f"v{n}", hit=f"l{n}") for n in range(100)]
    for facts in (mine, shared, touches, [*links, link(site, 1)]):
        store.add_facts(facts)
    return site


@pytest.mark.parametrize("kind", ["touch", "sale", "shared", "change", "link"])
def test_the_reads_of_one_hit_are_bounded(store: Store, crowd: str, kind: str) -> None:
    new: dict[str, Fact] = {
        "touch": touch(crowd, 5, hit="new"),
        "sale": sale(crowd, 5, hit="new"),
        "shared": sale(crowd, 5, hit="new", order="shared"),
        "change": change(crowd, "shared"),
        "link": link(crowd, 5, hit="new"),
    }
    store.add_facts([new[kind]])
    counting = Counting(store)
    assert affected(counting, crowd, [new[kind]]).since is not None  # type: ignore[arg-type]
    assert counting.read < 6 * (MOST_A_BATCH + MOST_A_FACT + 11 * AT_LEAST)


def test_a_click_of_a_visitor_with_thousands_of_sales_marks_every_hour_from_its_own(store: Store, site: str) -> None:
    store.add_facts([sale(site, n, hit=f"c{n}", order=f"o{n}") for n in range(3_000)])
    new = touch(site, 2_998, hit="new")
    store.add_facts([new])
    found = affected(store, site, [new])
    assert found.since == new.at
    assert {2_998 * HOUR, 2_999 * HOUR} <= found.buckets
