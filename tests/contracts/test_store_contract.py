"""The contract of stores, for each adapter."""

import itertools
import random
import time
from typing import Any
from uuid import uuid4

import pytest

from conversions.facts.counts import MAX_COUNT, Count
from conversions.facts.person import ANNOUNCED, ANY, MOST_NAMING, NAMED
from conversions.facts.records import Adjustment, Conversion, Joined, Link, Touch, digest, order_key
from conversions.facts.rejected import RejectedHit
from conversions.store.port import AT_LEAST, LINKS_AT_ONCE, Cell, CellSet, ClickSlice, Linked, Moment, Span, Store
from conversions.units.clock import FOR_EVER

HOUR = 3_600_000
NOON = 1_790_000_000_000 - 1_790_000_000_000 % HOUR


@pytest.fixture
def site() -> str:
    """A site of the test's own."""
    return f"contract-{uuid4().hex}"


def touch(site: str, hit: str = "t1", visitor: str = "ann", at: int = NOON, **more: object) -> Touch:
    """Return a click."""
    return Touch(site=site, visitor=visitor, kind="click", at=at, hit=hit, ad="x", bucket=at - at % HOUR, **more)  # type: ignore[arg-type]


def sale(
    site: str, hit: str = "c1", visitor: str = "ann", at: int = NOON, order: str = "", click: str = ""
) -> Conversion:
    """Return a conversion."""
    more: dict[str, Any] = {"order": order, "click": click, "value": 5, "bucket": at - at % HOUR}
    return Conversion(site=site, visitor=visitor, at=at, hit=hit, goal="g", version=1, **more)


def refund(site: str, order: str) -> Adjustment:
    """Return an adjustment."""
    return Adjustment(site=site, order=order, at=NOON, hit="a1", kind="refund", value=1)


def test_facts_are_read_by_timeline_by_bucket_and_by_claim(store: Store, site: str) -> None:
    facts = [touch(site), sale(site, order="o1"), refund(site, "o1")]
    store.add_facts(facts)
    assert store.read_touches(site, 99, [Span("ann", 0, NOON)]) == facts[:1]
    assert store.read_conversions(site, [Span("ann", NOON, NOON)]) == facts[1:2]
    assert sorted(store.read_bucket(site, NOON), key=lambda fact: fact.hit) == [facts[1], facts[0]]
    assert sorted(store.read_claims(site, ["o:o1"]), key=lambda fact: fact.hit) == [facts[2], facts[1]]


def test_writing_a_fact_again_changes_nothing(store: Store, site: str) -> None:
    store.add_facts([touch(site), sale(site)])
    store.add_facts([sale(site), touch(site, batch="another")])
    assert len(store.read_bucket(site, NOON)) == 2
    assert len(store.read_touches(site, 99, [Span("ann", 0, NOON)])) == 1


def test_copies_that_differ_in_what_a_figure_reads_are_all_kept(store: Store, site: str) -> None:
    copies = [touch(site), touch(site, at=NOON + 1), touch(site, visitor="bob"), touch(site, source="google")]
    store.add_facts(copies)
    assert len(store.read_bucket(site, NOON)) == 4


def test_a_span_is_inclusive_and_reads_only_its_visitor_and_kind(store: Store, site: str) -> None:
    store.add_facts([touch(site, f"t{n}", at=NOON + n) for n in range(5)])
    store.add_facts([touch(site, "other", visitor="bob"), sale(site)])
    found = store.read_touches(site, 99, [Span("ann", NOON + 1, NOON + 3)])
    assert sorted(fact.at - NOON for fact in found) == [1, 2, 3]


def test_overlapping_spans_give_each_copy_once(store: Store, site: str) -> None:
    store.add_facts([touch(site)])
    assert len(store.read_touches(site, 99, [Span("ann", 0, NOON), Span("ann", NOON, NOON + 1)])) == 1


def view(site: str, hit: str, at: int = NOON, visitor: str = "ann") -> Touch:
    """Return a view."""
    return Touch(site=site, visitor=visitor, kind="view", at=at, hit=hit, ad="x", bucket=at - at % HOUR)


def test_the_newest_clicks_and_the_newest_views_of_each_span_are_read(store: Store, site: str) -> None:
    clicks = [touch(site, f"c{n}", at=NOON + n) for n in range(9)]
    views = [view(site, f"v{n}", at=NOON + 100 + n) for n in range(9)]
    bobs = [touch(site, f"b{n}", visitor="bob", at=NOON + n) for n in range(2)]
    store.add_facts([*clicks, *views, *bobs, sale(site, at=NOON + 200)])
    spans = [Span("ann", NOON, NOON + 5), Span("ann", NOON + 1, NOON + 102), Span("bob", NOON, NOON + 9)]
    found = sorted(store.read_touches(site, 3, spans), key=order_key)
    assert found == sorted([*clicks[3:], *views[:3], *bobs], key=order_key)


def test_touches_of_one_instant_are_ordered_by_hit_id_and_digest(store: Store, site: str) -> None:
    touches = [touch(site, hit) for hit in ("B", "a", "a.1", "z:2", "_")]
    touches += [touch(site, "a", source=source) for source in ("google", "bing")]
    store.add_facts(touches)
    for newest in range(1, len(touches)):
        found = store.read_touches(site, newest, [Span("ann", 0, NOON)])
        assert sorted(found, key=order_key) == sorted(touches, key=order_key)[-newest:]


def test_each_of_several_spans_of_a_long_timeline_gets_its_newest_touches(store: Store, site: str) -> None:
    rng = random.Random(7)
    touches = [touch(site, f"t{n}", at=NOON + rng.randrange(400)) for n in range(300)]
    touches += [view(site, f"v{n}", at=NOON + rng.randrange(400)) for n in range(100)]
    store.add_facts(touches)
    for many, near, newest in itertools.product((1, 2, 9), (5, 300), (1, 7, 250)):
        ends = [NOON + 400 - rng.randrange(near) for _ in range(many)]
        spans = [Span("ann", end - rng.choice([0, 90, 380]), end) for end in ends]
        found = set(store.read_touches(site, newest, spans))
        assert all(any(span.since <= one.at <= span.until for span in spans) for one in found)
        for span, kind in itertools.product(spans, ("click", "view")):
            mine = [one for one in touches if one.kind == kind and span.since <= one.at <= span.until]
            assert found.issuperset(sorted(mine, key=order_key)[-newest:])


def test_the_newest_of_many_visitors_are_read_at_once(store: Store, site: str) -> None:
    facts = [touch(site, f"t{n}-{at}", visitor=f"v{n}", at=NOON + at) for n in range(40) for at in range(n % 7)]
    store.add_facts(facts)
    found = store.read_touches(site, 3, [Span(f"v{n}", NOON, NOON + n) for n in range(40)])
    expected = [fact for n in range(40) for fact in facts_of(facts, f"v{n}", NOON + n)[-3:]]
    assert sorted(found, key=order_key) == sorted(expected, key=order_key)


def facts_of(facts: list[Touch], visitor: str, until: int) -> list[Touch]:
    """Return a visitor's touches until an instant, in order."""
    return [fact for fact in facts if fact.visitor == visitor and fact.at <= until]


def test_each_kind_of_a_timeline_is_read_in_pages_and_in_order(store: Store, site: str) -> None:
    touches = [touch(site, hit, at=NOON + at) for at in (0, 7) for hit in ("B", "a", "a.1", "z:2")]
    touches.insert(1, touch(site, "B", source="google"))
    touches.append(view(site, "b", at=NOON + 7))
    touches.sort(key=order_key)
    store.add_facts([*touches[::-1], sale(site), touch(site, "other", visitor="bob")])
    found: list[Touch | Conversion] = []
    place = (0, "", "")
    while page := store.read_timeline(site, "ann", "touch", place, 2):
        found.extend(page)
        place = order_key(page[-1])
    assert found == touches
    assert store.read_timeline(site, "ann", "conversion", (0, "", ""), 9) == [sale(site)]


def test_many_spans_and_facts_are_read_at_once(store: Store, site: str) -> None:
    facts = [touch(site, f"t{n}", visitor=f"v{n}") for n in range(900)]
    store.add_facts(facts)
    found = store.read_touches(site, 99, [Span(f"v{n}", 0, NOON) for n in range(900)])
    assert len(found) == len(store.read_bucket(site, NOON)) == 900


def test_some_conversions_of_spans_are_all_if_they_are_few(store: Store, site: str) -> None:
    store.add_facts([sale(site, f"c{n}", f"v{n}", NOON + n) for n in range(250)])
    spans = [Span(f"v{n}", NOON, NOON + 200) for n in range(250)]
    found = store.read_some_conversions(site, 9, spans)
    assert sorted(row.hit for row in found.rows) == sorted(f"c{n}" for n in range(201))
    assert not found.is_cut


def test_some_conversions_of_claims_are_all_if_they_are_few(store: Store, site: str) -> None:
    store.add_facts([*(sale(site, f"c{n}", order=f"o{n}") for n in range(250)), sale(site, "h"), refund(site, "o1")])
    found = store.read_some_claims(site, 9, [*(f"o:o{n}" for n in range(240)), "h:h", "h:c3"])
    assert sorted(row.hit for row in found.rows) == sorted(["h", *(f"c{n}" for n in range(240))])
    assert not found.is_cut


def test_of_too_many_conversions_some_are_read_and_the_answer_says_so(store: Store, site: str) -> None:
    store.add_facts([sale(site, f"c{n}", at=NOON + n, order="o") for n in range(400)])
    for found in (
        store.read_some_conversions(site, 9, [Span("ann", 0, FOR_EVER)]),
        store.read_some_claims(site, 9, ["o:o"]),
    ):
        assert found.is_cut
        assert 9 <= len(found.rows) <= 9 + AT_LEAST + 1


def test_a_site_reads_no_other_sites_facts(store: Store, site: str) -> None:
    store.add_facts([touch(site), sale(site, order="o1")])
    other = f"{site}-other"
    assert store.read_bucket(other, NOON) == []
    assert store.read_claims(other, ["o:o1"]) == []
    assert store.read_touches(other, 99, [Span("ann", 0, NOON)]) == []


def test_a_conversion_with_an_order_is_found_by_its_hit_but_not_under_the_hits_claim(store: Store, site: str) -> None:
    with_order, without = sale(site, "c1", order="o1"), sale(site, "c2")
    store.add_facts([with_order, without])
    assert store.find_hit(site, "c1") == [with_order]
    assert store.find_hit(site, "c2") == [without]
    assert store.read_claims(site, ["h:c1"]) == []
    assert store.read_claims(site, ["h:c1", "h:c2"]) == [without]


def test_an_order_id_is_not_taken_for_a_hit_id(store: Store, site: str) -> None:
    store.add_facts([sale(site, "c1", order="c2")])
    assert store.read_claims(site, ["h:c2"]) == []


def test_the_write_of_a_cell_with_the_greater_token_stays(store: Store, site: str) -> None:
    token = time.time_ns() // 1000
    for at, body in ((token + 5, b"new"), (token, b"old")):
        store.write_cells([CellSet(site, at, [Cell(NOON, "2026-09-21", "g", "last", body)])])
    assert [cell.body for cell in store.read_cells(site, ["last"], ["2026-09-21"])] == [b"new"]
    store.write_cells([CellSet(site, token + 6, [Cell(NOON, "2026-09-21", "g", "last", b"newest")])])
    assert [cell.body for cell in store.read_cells(site, ["last"], ["2026-09-21"])] == [b"newest"]


def test_cells_are_read_by_model_and_page(store: Store, site: str) -> None:
    cells = [
        Cell(NOON + n * HOUR, day, goal, model, f"{n}{day}{goal}{model}".encode())
        for n in range(2)
        for day in ("2026-09-21", "2026-09-22")
        for goal in ("", "g")
        for model in ("last", "first")
    ]
    store.write_cells([CellSet(site, time.time_ns() // 1000, cells)])
    wanted = [cell for cell in cells if cell.page == "2026-09-22" and cell.model == "first"]
    assert store.read_cells(site, ["first"], ["2026-09-22"]) == sorted(wanted, key=lambda cell: (cell.start, cell.key))


def test_counters_add_up(store: Store, site: str) -> None:
    store.add_counts([Count(site, NOON, "", "x", "clicks", 2), Count(site, NOON, "g", "", "value", -7)])
    store.add_counts([Count(site, NOON, "", "x", "clicks", 3)])
    found = {(one.goal, one.ad, one.metric): one.amount for one in store.read_counts(site, NOON)}
    assert found == {("", "x", "clicks"): 5, ("g", "", "value"): -7}
    assert store.read_counts(site, NOON + HOUR) == []


def rejected(site: str, hit: str, at: int = NOON, code: str = "no_goal") -> RejectedHit:
    """Return a rejected hit."""
    return RejectedHit(site=site, at=at, hit=hit, code=code, field="name", detail="why", batch="b", body="{}")


def test_rejected_hits_are_listed_once_each_newest_first(store: Store, site: str) -> None:
    hits = [rejected(site, f"h{n}", at=NOON + n * 20 * 60_000) for n in range(9)]
    store.write_rejected(hits, 100)
    store.write_rejected(hits[3:6], 100)
    assert store.read_rejected(site, NOON, NOON + 9 * HOUR, 100) == hits[::-1]
    assert store.read_rejected(site, NOON, NOON + 9 * HOUR, 2) == hits[:-3:-1]
    assert store.read_rejected(site, NOON, hits[2].at, 100) == [hits[1], hits[0]]
    assert store.read_rejected_counts(site, NOON, NOON + HOUR) == {"no_goal": 9}


def test_rejected_hits_are_found_in_a_long_range_of_mostly_empty_days(store: Store, site: str) -> None:
    hits = [rejected(site, f"h{day}", at=NOON + day * 24 * HOUR + day) for day in (0, 1, 40, 99)]
    for hit in hits:
        store.write_rejected([hit], 100)
    assert store.read_rejected(site, NOON, NOON + 100 * 24 * HOUR, 100) == hits[::-1]
    assert store.read_rejected(site, NOON + 1, hits[3].at, 100) == [hits[2], hits[1]]


def test_rejected_hits_above_the_daily_cap_are_only_counted(store: Store, site: str) -> None:
    for start in (0, 6):
        store.write_rejected([rejected(site, f"h{n}", at=NOON + n) for n in range(start, start + 6)], 10)
    assert len(store.read_rejected(site, NOON, NOON + HOUR, 100)) == 10
    assert store.read_rejected_counts(site, NOON, NOON + HOUR) == {"no_goal": 12}


def test_preparing_again_and_checking_change_nothing(store: Store, site: str) -> None:
    store.add_facts([touch(site)])
    store.prepare()
    store.check()
    assert len(store.read_bucket(site, NOON)) == 1


def test_a_counter_stays_within_64_bits_with_absurd_values(store: Store, site: str) -> None:
    for _ in range(3):
        store.add_counts([Count(site, NOON, "most", "", "value", MAX_COUNT)])
        store.add_counts([Count(site, NOON, "least", "", "value", -MAX_COUNT)])
    found = {one.goal: one.amount for one in store.read_counts(site, NOON)}
    assert found == {"most": 3 * MAX_COUNT, "least": -3 * MAX_COUNT}


def link(site: str, at: int = NOON, user: str = "u", visitor: str = "ann", hit: str = "l") -> Link:
    """Return a link from a visitor to its user."""
    return Link(site=site, visitor=visitor, user=user, at=at, hit=hit)


def test_links_are_only_in_their_visitors_timeline(store: Store, site: str) -> None:
    facts = [touch(site, "t", at=NOON + 1), link(site, NOON, hit="a"), link(site, NOON + 2, hit="b")]
    store.add_facts(facts)
    store.add_facts(facts)
    assert store.read_timeline(site, "ann", "link", (0, "", ""), 9) == facts[1:]
    assert store.read_timeline(site, "ann", "link", order_key(facts[1]), 9) == facts[2:]
    assert store.read_bucket(site, NOON) == facts[:1]
    assert store.read_touches(site, 9, [Span("ann", 0, NOON + 9)]) == facts[:1]
    assert store.read_conversions(site, [Span("ann", 0, NOON + 9)]) == []


def test_the_next_links_of_each_visitor_come_in_order_and_bounded(store: Store, site: str) -> None:
    links = [link(site, NOON + n // 2, hit=f"h{n:03}") for n in range(LINKS_AT_ONCE + 20)]
    store.add_facts([*links[::-1], link(site, NOON + 3, visitor="bob"), link(f"{site}-other", NOON)])
    assert store.read_next_links(site, [Moment("ann", NOON)]) == links[:LINKS_AT_ONCE]
    found = store.read_next_links(site, [Moment("ann", NOON + 55), Moment("bob", NOON + 3), Moment("cyd", 0)])
    assert [one for one in found if one.visitor == "ann"] == links[110:]
    assert [one for one in found if one.visitor != "ann"] == [link(site, NOON + 3, visitor="bob")]
    assert store.read_next_links(site, [Moment("bob", NOON + 4)]) == []


def test_the_last_link_before_an_instant_is_the_last_in_fact_order(store: Store, site: str) -> None:
    links = [link(site, NOON, hit="B"), link(site, NOON, hit="a"), link(site, NOON + 5, hit="A")]
    store.add_facts([links[1], links[2], links[0], link(site, NOON + 7, visitor="bob")])
    assert store.read_last_links(site, [Moment("ann", NOON + 5)]) == [links[1]]
    assert store.read_last_links(site, [Moment("ann", NOON)]) == []
    both = store.read_last_links(site, [Moment("ann", 1 << 62), Moment("bob", NOON + 8)])
    assert sorted(one.visitor for one in both) == ["ann", "bob"]


def test_the_visitors_of_a_user_and_the_users_of_a_visitor_are_read(store: Store, site: str) -> None:
    store.add_facts([link(site, user="u"), link(site, NOON + 1, user="w"), link(site, visitor="bob", user="u")])
    found = {(one.key, one.other) for one in store.read_linked(site, ["u:u", "u:w", "v:ann", "v:bob", "v:cyd"])}
    assert found == {("u:u", "ann"), ("u:u", "bob"), ("u:w", "ann"), ("v:ann", "u"), ("v:ann", "w"), ("v:bob", "u")}
    assert store.read_linked(site, [ANY]) == [Linked(ANY, ANY)]
    assert store.read_linked(f"{site}-other", ["u:u", ANY]) == []


def test_many_sets_are_read_at_once(store: Store, site: str) -> None:
    store.add_facts([link(site, user=f"u{n}", visitor=f"v{n}") for n in range(450)])
    assert len(store.read_linked(site, [f"v:v{n}" for n in range(450)])) == 450


def test_announcing_a_set_twice_changes_nothing(store: Store, site: str) -> None:
    for _ in range(2):
        store.announce(site, ["u:u"])
    assert store.read_linked(site, ["u:u"]) == [Linked("u:u", ANNOUNCED)]


def carrying(site: str, hit: str, at: int, **more: object) -> Touch:
    """Return a click that carries the click id G1."""
    return touch(site, hit, at=at, network="gclid", click_id="G1", **more)


def first(kind: Any, most: int, since: int = 0, until: int = 1 << 60) -> ClickSlice:
    """Return the first facts with the click id G1."""
    return ClickSlice("G1", kind, since, until, most)


def last(kind: Any, most: int, until: int) -> ClickSlice:
    """Return the last facts with the click id G1."""
    return ClickSlice("G1", kind, 0, until, most, last=True)


def test_the_first_and_the_last_touches_that_carry_a_click_id_are_read_in_order(store: Store, site: str) -> None:
    touches = [carrying(site, hit, NOON + at) for at in (0, 7) for hit in ("B", "a", "a.1", "z:2")]
    touches.insert(1, carrying(site, "B", NOON, source="google"))
    touches.sort(key=order_key)
    store.add_facts([*touches[::-1], touch(site, "other"), carrying(f"{site}-other", "x", NOON)])
    store.add_facts(touches)
    for most in range(1, 4):
        assert sorted(store.read_by_click_id(site, [first("touch", most)]), key=order_key) == touches[:most]
        found = store.read_by_click_id(site, [last("touch", most, NOON + 6)])
        assert sorted(found, key=order_key) == touches[5 - most : 5]
    assert store.read_by_click_id(site, [first("touch", 9, NOON + 8), first("landed", 9), first("conversion", 9)]) == []


def test_a_click_is_found_by_every_click_id_and_a_conversion_by_the_one_it_names(store: Store, site: str) -> None:
    landed = carrying(site, "ab12", NOON, landed=True, other_ids=(("fbclid", "F1"),))
    issued, sent = touch(site, "cd34", issued=True), touch(site, "ef56")
    named = sale(site, click="G1", at=NOON + 5)
    store.add_facts([landed, issued, sent, named, sale(site, "c2")])
    for click, kind, expected in (
        *((click, "landed", [landed]) for click in ("G1", "F1", "ab12")),
        ("cd34", "touch", [issued]),
        ("ef56", "touch", []),
        ("G1", "conversion", [named]),
        ("G1", "touch", []),
    ):
        assert store.read_by_click_id(site, [ClickSlice(click, kind, 0, NOON + 5, 9)]) == expected  # type: ignore[arg-type]


def test_a_joined_row_is_only_in_the_touchs_timeline_and_the_conversions_claim(store: Store, site: str) -> None:
    click, named = carrying(site, "t", NOON, visitor="bob"), sale(site, click="G1", at=NOON + HOUR)
    row = Joined(conversion=named, touch=click)
    store.add_facts([click, named])
    store.add_facts([row])
    store.add_facts([Joined(conversion=sale(site, click="G1", at=NOON + HOUR), touch=click)])
    assert store.read_conversions(site, [Span("bob", NOON + HOUR, NOON + HOUR)]) == [row]
    assert store.read_conversions(site, [Span("bob", NOON, NOON)]) == []
    assert store.read_timeline(site, "bob", "conversion", (0, "", ""), 9) == [row]
    assert sorted(store.read_claims(site, ["c:G1"]), key=lambda one: isinstance(one, Joined)) == [named, row]
    assert set(store.read_some_claims(site, 9, ["c:G1"]).rows) == {named, row}
    assert store.read_some_conversions(site, 9, [Span("bob", NOON + HOUR, NOON + HOUR)]).rows == [row]
    assert store.read_bucket(site, NOON + HOUR) == [named]
    assert store.find_hit(site, "c1") == [named]
    assert store.read_touches(site, 9, [Span("bob", 0, NOON + HOUR)]) == [click]


def test_a_site_says_that_a_conversion_ever_named_a_click(store: Store, site: str) -> None:
    store.add_facts([carrying(site, "t", NOON), sale(site)])
    assert store.read_linked(site, [NAMED]) == []
    store.add_facts([sale(site, "c2", click="G1")])
    assert store.read_linked(site, [NAMED]) == [Linked(NAMED, NAMED)]


def test_the_set_of_a_click_id_has_the_conversions_that_name_it_until_it_is_crowded(store: Store, site: str) -> None:
    sales = [sale(site, f"c{n}", click="G1") for n in range(MOST_NAMING + 2)]
    for some in (sales[:3], sales[:3]):
        store.add_facts([*some, sale(site, "other", click="G2"), sale(site, "none")])
    assert {one.other for one in store.read_linked(site, ["c:G1"])} == {digest(one) for one in sales[:3]}
    store.add_facts(sales[3:-1])
    store.add_facts(sales[-1:])
    assert len(store.read_linked(site, ["c:G1"])) == MOST_NAMING + 1
