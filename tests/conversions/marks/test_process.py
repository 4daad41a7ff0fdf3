"""Processing a batch: facts and marks are written, and a bad hit is rejected alone, with its reason."""

from errno import EMFILE
from typing import Any
from uuid import uuid4

import pytest
from django.db import InternalError, OperationalError, ProgrammingError

from conversions.configuration.loading import load_site
from conversions.facts.records import Touch
from conversions.marks import marks as sequence
from conversions.marks.process import Processor
from conversions.models import Goal
from conversions.rules.site import SiteConfig
from conversions.store.port import Span, Store, StoreUnavailable
from tests.meanwhile import Meanwhile
from tracker.collection.hit import Hit
from tracker.models import Account, Site

pytestmark = pytest.mark.django_db

HOUR = 3_600_000
NOON = 1_790_000_000_000 - 1_790_000_000_000 % HOUR
FOR_EVER = 1 << 62


@pytest.fixture
def site() -> str:
    """The key of a site with a goal that any hit named `buy` meets."""
    row = Site.objects.create(account=Account.objects.create(name=uuid4().hex), name="s", key=f"process-{uuid4().hex}")
    Goal.objects.create(site=row, key="buy", event="buy")
    sequence.Mark.objects.all().delete()
    return str(row.key)


def hit(site: str, id: str = "h1", type: str = "click", at: int = NOON, **more: Any) -> Hit:
    """Return a hit of ann's."""
    return Hit(**{"id": id, "site": site, "type": type, "at": at, "received": at, "visitor": "ann", **more})


def processor(store: Store, frozen_before: int = 0, load: Any = load_site, cap: int = 1000) -> Processor:
    """Return the processor, with the store of the test."""
    return Processor(store, sequence, load, lambda: frozen_before, cap)


def rejected(store: Store, site: str) -> list[tuple[str, str]]:
    """Return hit id and code of the rejected hits."""
    return sorted((one.hit, one.code) for one in store.read_rejected(site, NOON - 48 * HOUR, NOON + 48 * HOUR, 1000))


def marked(site: str) -> list[int]:
    """Return the marked buckets, as hours from NOON."""
    return [(mark.bucket - NOON) // HOUR for mark in sequence.open_marks(site) if not mark.is_of_site]


def marked_onward(site: str) -> list[int]:
    """Return where the onward marks begin, as hours from NOON."""
    return [(mark.bucket - NOON) // HOUR for mark in sequence.open_marks(site) if mark.part == sequence.ONWARD]


def test_a_batch_of_several_sites_draws_one_token(sql_store: Store, site: str) -> None:
    account = Account.objects.create(name=uuid4().hex)
    other = Site.objects.create(account=account, name="s", key=f"process-{uuid4().hex}").key
    processor(sql_store).process([hit(site), hit(other, "h2"), hit(site, "h3", at=NOON + HOUR)], "b1")
    marks = sequence.open_marks(site) + sequence.open_marks(other)
    assert len(marks) == 3
    assert len({mark.token for mark in marks}) == 1


def test_the_facts_of_a_batch_are_written_and_their_buckets_marked(store: Store, site: str) -> None:
    hits = [hit(site), hit(site, "h2", "event", at=NOON + 2 * HOUR, name="buy", value=5), hit(site, "h3", "page")]
    counts = processor(store).process(hits, "b1")
    assert [touch.hit for touch in store.read_touches(site, 9, [Span("ann", 0, FOR_EVER)])] == ["h1"]
    assert [(one.hit, one.batch) for one in store.read_conversions(site, [Span("ann", 0, FOR_EVER)])] == [("h2", "b1")]
    assert marked(site) == [0, 2]
    assert {(one.bucket - NOON, one.metric, one.amount) for one in counts} == {
        (0, "hits", 2),
        (0, "clicks", 1),
        (2 * HOUR, "hits", 1),
        (2 * HOUR, "conversions", 1),
        (2 * HOUR, "value", 5),
    }


def test_a_batch_processed_again_changes_no_fact_but_marks_again(store: Store, site: str) -> None:
    work = processor(store)
    work.process([hit(site)], "b1")
    (mark,) = sequence.open_marks(site)
    sequence.close_mark(mark)
    work.process([hit(site)], "b1")
    assert len(store.read_bucket(site, NOON)) == 1
    assert marked(site) == [0]


def test_a_worker_overtaken_before_it_writes_marks_what_the_other_wrote(store: Store, site: str) -> None:
    sale = hit(site, "h2", "event", at=NOON + 2 * HOUR, name="buy")
    slow = processor(Meanwhile(store, "add_facts", lambda: processor(store).process([sale], "b2")))  # type: ignore[arg-type]
    slow.process([hit(site)], "b1")
    click, late = (mark.token for mark in sequence.open_marks(site))
    assert click == late, "the sale's bucket has the mark of the worker that wrote the click"


def test_facts_are_written_before_their_bucket_is_marked(store: Store, site: str) -> None:
    marked_early: list[int] = []
    work = processor(Meanwhile(store, "add_facts", lambda: marked_early.extend(marked(site))))  # type: ignore[arg-type]
    work.process([hit(site)], "b1")
    assert (marked_early, marked(site)) == ([], [0])


def test_a_hit_that_cannot_be_processed_is_rejected_alone(store: Store, site: str) -> None:
    no_such_time = hit(site, "bad", at=10**17)
    no_kind = hit(site, "worse", "adjustment", order="o1")
    counts = processor(store).process([hit(site, "a"), no_such_time, no_kind, hit(site, "b")], "b1")
    assert sorted(fact.hit for fact in store.read_bucket(site, NOON)) == ["a", "b"]
    assert rejected(store, site) == [("worse", "unprocessable")]
    (far,) = store.read_rejected(site, 10**17, 10**17 + 1, 10)
    assert (far.hit, far.code, far.batch) == ("bad", "unprocessable", "b1")
    assert "out of range" in far.detail
    assert '"id":"bad"' in far.body
    assert sum(one.amount for one in counts if one.metric == "clicks") == 2
    assert marked(site) == [0]


class Away:
    """A store of which one method fails as if the service were away. Everything else is the real store's."""

    def __init__(self, store: Store, method: str, error: Exception) -> None:
        self._store, self._method, self._error = store, method, error

    def __getattr__(self, name: str) -> Any:
        return self._fail if name == self._method else getattr(self._store, name)

    def _fail(self, *_args: Any, **_more: Any) -> None:
        raise self._error


@pytest.mark.parametrize("method", ["add_facts", "read_some_conversions", "read_some_claims"])
def test_if_the_store_is_away_the_batch_fails_and_nothing_is_rejected(store: Store, site: str, method: str) -> None:
    hits = [hit(site), hit(site, "h2", "conversion", name="buy", order="o1")]
    with pytest.raises(StoreUnavailable):
        processor(Away(store, method, StoreUnavailable("gone"))).process(hits, "b1")  # type: ignore[arg-type]
    assert rejected(store, site) == []
    assert marked(site) == []
    processor(store).process(hits, "b1")
    assert len(store.read_bucket(site, NOON)) == 2
    assert marked(site) == [0]


@pytest.mark.parametrize(
    "error", [OperationalError("locked"), ProgrammingError("no such table"), InternalError("aborted")]
)
def test_if_the_configuration_is_away_the_batch_fails_and_nothing_is_rejected(
    store: Store, site: str, error: Exception
) -> None:
    def load(_key: str) -> SiteConfig | None:
        raise error

    with pytest.raises(type(error)):
        processor(store, load=load).process([hit(site), hit(site, "h2")], "b1")
    assert rejected(store, site) == []


@pytest.mark.parametrize("error", [MemoryError(), OSError(EMFILE, "Too many open files")])
def test_hits_are_not_rejected_if_the_machine_lacks_resources(store: Store, site: str, error: Exception) -> None:
    with pytest.raises(type(error)):
        processor(Away(store, "add_facts", error)).process([hit(site), hit(site, "h2")], "b1")  # type: ignore[arg-type]
    assert rejected(store, site) == []


def test_a_hit_of_a_site_that_does_not_exist_is_rejected(store: Store, site: str) -> None:
    stray = f"none-{uuid4().hex}"
    processor(store).process([hit(stray), hit(site, "h2")], "b1")
    assert rejected(store, stray) == [("h1", "unknown_site")]
    assert marked(site) == [0]


def test_only_conversions_of_an_unknown_goal_are_rejected_for_making_no_fact(store: Store, site: str) -> None:
    hits = [
        hit(site, "c", "conversion", name="nothing"),
        hit(site, "e", "event", name="nothing"),
        hit(site, "p", "page"),
    ]
    processor(store).process(hits, "b1")
    assert rejected(store, site) == [("c", "no_goal")]


def test_a_late_refund_of_a_frozen_conversion_is_listed_and_marks_nothing(store: Store, site: str) -> None:
    sale = hit(site, "c", "conversion", name="buy", order="o1", at=NOON - 3 * HOUR)
    processor(store).process([sale], "b1")
    for mark in sequence.open_marks(site):
        sequence.close_mark(mark)
    refund = hit(site, "r", "adjustment", kind="refund", order="o1", value=1)
    processor(store, frozen_before=NOON).process([refund, hit(site)], "b2")
    assert rejected(store, site) == [("r", "frozen")]
    assert marked(site) == [0]


class CountsReads:
    """A store that counts the reads of claims."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.reads = 0

    def __getattr__(self, name: str) -> Any:
        self.reads += name == "read_some_claims"
        return getattr(self._store, name)


def test_many_late_refunds_are_told_from_others_by_no_more_reads_than_one(store: Store, site: str) -> None:
    sales = [(f"o{n}", NOON - 3 * HOUR if n % 2 else NOON) for n in range(8)]
    bought = [hit(site, f"c-{order}", "conversion", name="buy", order=order, at=at) for order, at in sales]
    processor(store).process(bought, "b1")
    refunds = [hit(site, f"r-{order}", "adjustment", kind="refund", order=order, value=1) for order, _ in sales]
    counted = []
    for some in (refunds[1:2], refunds):
        counting = CountsReads(store)
        processor(counting, frozen_before=NOON).process(some, "b2")
        counted.append(counting.reads)
    assert counted[1] <= counted[0]
    assert rejected(store, site) == [(f"r-o{n}", "frozen") for n in (1, 3, 5, 7)]


def test_a_hit_in_a_frozen_bucket_is_listed_as_frozen(store: Store, site: str) -> None:
    processor(store, frozen_before=NOON).process([hit(site, at=NOON - 1), hit(site, "h2")], "b1")
    assert rejected(store, site) == [("h1", "frozen")]
    assert marked(site) == [0]


def test_one_hit_that_meets_a_goal_and_is_a_click_is_both_under_one_id(store: Store, site: str) -> None:
    processor(store).process([hit(site, name="buy", ad="one")], "b1")
    kinds = {isinstance(fact, Touch) for fact in store.read_bucket(site, NOON) if fact.hit == "h1"}
    assert kinds == {True, False}


def test_an_adjustment_before_its_conversion_marks_nothing_but_applies_to_it(store: Store, site: str) -> None:
    processor(store).process([hit(site, "r", "adjustment", kind="retract", order="o1")], "b1")
    assert marked(site) == []
    processor(store).process([hit(site, "c", "conversion", name="buy", order="o1", at=NOON + HOUR)], "b2")
    assert marked(site) == [1]
    assert sorted(row.hit for row in store.read_claims(site, ["o:o1"])) == ["c", "r"]


@pytest.mark.parametrize("odd", ["a'b\"c;--", "a b\tc", "ключ", "🦊" * 64, "%_%", "\x7f\u2028"])
def test_odd_site_keys_and_ids_are_stored_unchanged(store: Store, odd: str) -> None:
    site = f"{uuid4().hex[:8]}{odd}"[:64]
    config = SiteConfig(key=site)
    made = hit(site, odd[:64], visitor=odd[:64], ad=odd)
    processor(store, load=lambda _key: config).process([made], "b1")
    (kept,) = store.read_bucket(site, NOON)
    assert (kept.hit, kept.visitor, kept.site) == (odd[:64], odd[:64], site)
    assert sequence.known_buckets(site) == [NOON]


def test_if_there_is_too_much_to_read_one_mark_stands_for_every_later_bucket(
    store: Store, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = processor(store, frozen_before=NOON - 2 * HOUR)
    work.process([hit(site, f"s{n}", "event", at=NOON + n * HOUR, name="buy") for n in range(-4, 4)], "b1")
    work.process([hit(site, "other", at=NOON + 9 * HOUR, visitor="bob")], "b1")
    for mark in sequence.open_marks(site):
        sequence.close_mark(mark)
    monkeypatch.setattr("conversions.marks.affected.MOST_A_BATCH", 0)
    monkeypatch.setattr("conversions.marks.affected.MOST_A_FACT", 0)
    monkeypatch.setattr("conversions.store.sql.AT_LEAST", 1)
    monkeypatch.setattr("conversions.store.cassandra.AT_LEAST", 1)
    work.process([hit(site, "c1", at=NOON + HOUR)], "b2")
    assert (marked(site)[0], marked_onward(site)) == (1, [0])
    work.process([hit(site, "c2", at=NOON + HOUR + 1)], "b2")
    assert marked_onward(site) == [0]
    work.process([hit(site, "l1", "event", at=NOON + HOUR, name="in", user="u")], "b3")
    assert marked_onward(site) == [-3, 0]
