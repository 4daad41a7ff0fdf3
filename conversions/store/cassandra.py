"""Cassandra: the Store on Cassandra. All reads and writes are at quorum. Live counters are COUNTER columns."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import TypeVar

import msgspec

from conversions.facts.click_ids import by_click_ids, click_row_kind
from conversions.facts.counts import Count
from conversions.facts.person import ANNOUNCED
from conversions.facts.records import (
    Adjustment,
    Conversion,
    Fact,
    Joined,
    Link,
    OrderKey,
    Touch,
    decode_fact,
    digest,
    encode_fact,
    in_order,
    kind_of,
)
from conversions.facts.rejected import RejectedHit
from conversions.facts.slots import place_of
from conversions.rules.parts import UNDIVIDED, WHOLE, Part, Parts
from conversions.store.cql import Cql, Row
from conversions.store.linked import members_to_add
from conversions.store.port import (
    AT_LEAST,
    LINKS_AT_ONCE,
    STORED_KINDS,
    BoundedRows,
    Cell,
    CellSet,
    ClickSlice,
    Linked,
    Moment,
    Span,
    TimelineKind,
    stored_kind,
)
from conversions.store.rows import by_day
from conversions.store.spans import FIRST_LOOK, Slice, covering_spans, read_newest, visitors_with_more, within
from conversions.store.statements import BATCH_PARTITIONS, Write
from conversions.store.tables import DROPPED, TABLES
from conversions.units.clock import DAY_MS, HOUR_MS

T = TypeVar("T")

#: The rejected hits of this many hours are read in parallel. The newest hours are read first.
HOURS_AT_ONCE = 24
#: A statement looks up at most this many rows of a partition.
SLICE = 100


class CassandraStore:
    """The Store on Cassandra. The statements and their costs are in `conversions.store.statements`."""

    def __init__(self) -> None:
        self.cql = Cql()

    def add_facts(self, facts: Sequence[Fact], parts: Mapping[str, Parts] = UNDIVIDED) -> None:
        """See Store."""
        members = members_to_add(self, facts)
        rows = [write for fact in facts for write in rows_of(fact, parts.get(fact.site, Parts()))]
        carried = (("add_carried", carried_row(click, fact)) for click, fact in by_click_ids(facts))
        self.cql.write_all([*rows, *carried, *map(member_row, members)])

    def announce(self, site: str, keys: Iterable[str]) -> None:
        """See Store."""
        self.cql.write_all(member_row((site, key, ANNOUNCED)) for key in keys)

    def read_touches(self, site: str, newest: int, spans: Iterable[Span]) -> list[Touch]:
        """See Store. Several visitors are read together, at most FIRST_LOOK touches of each. A visitor who may have
        more touches is then read alone."""
        wanted = list(dict.fromkeys(spans))
        look = min(newest, FIRST_LOOK)
        found = self._facts(("read_touches", (*span, look)) for span in joined_spans(site, covering_spans(wanted)))
        touches = [fact for fact in found if isinstance(fact, Touch)]
        many = visitors_with_more(touches, look)
        few = (touch for touch in touches if touch.visitor not in many)
        rest = read_newest(partial(self._slices, site, newest), newest, (one for one in wanted if one.visitor in many))
        return list(dict.fromkeys(within(chain(few, rest), wanted)))

    def read_conversions(self, site: str, spans: Iterable[Span]) -> list[Conversion | Joined]:
        """See Store."""
        wanted = list(dict.fromkeys(spans))
        found = self._facts(("read_conversions", span) for span in joined_spans(site, wanted))
        return list(within((fact for fact in found if isinstance(fact, Conversion | Joined)), wanted))

    def read_some_conversions(self, site: str, most: int, spans: Iterable[Span]) -> BoundedRows:
        """See Store."""
        wanted = list(dict.fromkeys(spans))
        found = self._some("read_some_conversions", list(joined_spans(site, wanted)), most)
        return msgspec.structs.replace(found, rows=list(within(found.rows, wanted)))

    def read_some_claims(self, site: str, most: int, claims: Iterable[str]) -> BoundedRows:
        """See Store."""
        wanted = set(claims)
        found = self._some("read_some_claims", [(site, some) for some in groups(sorted(wanted))], most)
        return msgspec.structs.replace(found, rows=[row for row in found.rows if row.claim in wanted])

    def read_timeline(
        self, site: str, visitor: str, kind: TimelineKind, after: OrderKey, limit: int
    ) -> list[Touch | Conversion | Link | Joined]:
        """See Store."""
        kinds = map(sorted_kind, STORED_KINDS[kind])
        found = self._facts(("read_timeline_page", (site, visitor, one, *after, limit)) for one in kinds)
        return in_order(fact for fact in found if not isinstance(fact, Adjustment))[:limit]

    def read_claims(self, site: str, claims: Iterable[str]) -> list[Conversion | Adjustment | Joined]:
        """See Store."""
        wanted = set(claims)
        found = self._facts(("read_claims", (site, some)) for some in groups(sorted(wanted)))
        # A conversion is also stored under its hit id, which is not its claim if it has an order or a click.
        mine = (fact for fact in found if isinstance(fact, Conversion | Adjustment | Joined))
        return [fact for fact in mine if fact.claim in wanted]

    def read_by_click_id(self, site: str, slices: Iterable[ClickSlice]) -> list[Touch | Conversion]:
        """See Store."""
        found = self._facts(
            (
                "read_last_by_click_id" if one.last else "read_by_click_id",
                (site, one.click, one.kind, one.since, one.until, one.most),
            )
            for one in slices
        )
        return [fact for fact in found if isinstance(fact, Touch | Conversion)]

    def read_bucket(self, site: str, bucket: int, part: Part = WHOLE) -> list[Touch | Conversion]:
        """See Store."""
        facts = self._facts([("read_ledger", (site, bucket, part.index))])
        return [fact for fact in facts if isinstance(fact, Touch | Conversion)]

    def find_hit(self, site: str, hit: str) -> list[Conversion]:
        """See Store."""
        facts = self._facts([("read_claims", (site, [f"h:{hit}"]))])
        return [fact for fact in facts if isinstance(fact, Conversion)]

    def read_linked(self, site: str, keys: Iterable[str]) -> list[Linked]:
        """See Store."""
        found = self.cql.run_all(("read_linked", (site, some)) for some in groups(sorted(set(keys))))
        return [Linked(row["key"], row["other"]) for rows in found for row in rows]

    def read_next_links(self, site: str, moments: Iterable[Moment]) -> list[Link]:
        """See Store."""
        return self._links(
            ("read_timeline_page", (site, one.visitor, "link", one.at, "", "", LINKS_AT_ONCE)) for one in moments
        )

    def read_last_links(self, site: str, moments: Iterable[Moment]) -> list[Link]:
        """See Store."""
        return self._links(("read_last_link", (site, one.visitor, one.at)) for one in moments)

    def write_cells(self, sets: Iterable[CellSet]) -> None:
        """See Store."""
        self.cql.write_all(
            ("write_cell", (one.site, cell.model, cell.page, cell.start, cell.key, cell.body, one.token))
            for one in sets
            for cell in one.cells
        )

    def read_cells(self, site: str, models: Sequence[str], pages: Sequence[str]) -> list[Cell]:
        """See Store."""
        calls = (("read_cells", (site, model, some)) for model in models for some in groups(pages))
        cells = [
            Cell(row["start"], row["page"], row["key"], row["model"], row["body"])
            for rows in self.cql.run_all(calls)
            for row in rows
        ]
        return sorted(cells, key=lambda cell: (cell.start, cell.key, cell.model))

    def add_counts(self, counts: Iterable[Count]) -> None:
        """See Store."""
        self.cql.write_all(
            ("add_count", (one.amount, one.site, one.bucket, one.goal, one.ad, one.metric)) for one in counts
        )

    def read_counts(self, site: str, bucket: int) -> list[Count]:
        """See Store."""
        rows = self.cql.run("read_counts", site, bucket)
        return [Count(site, bucket, row["goal"], row["ad"], row["metric"], row["amount"]) for row in rows]

    def write_rejected(self, hits: Sequence[RejectedHit], daily_cap: int) -> None:
        """See Store."""
        for (site, day), some in by_day(hits).items():
            counted = sum(self.read_rejected_counts(site, day, day + 1).values())
            room = max(daily_cap - counted, 0)
            new = self._new(some)
            # If two workers write the same hit at the same time, it is counted twice: the counts are approximate.
            # Counts are written before hits, because a reader skips the days without counts.
            amounts = Counter(hit.code for hit in new)
            self.cql.write_all(("count_rejected", (amounts[code], site, day, code)) for code in sorted(amounts))
            self.cql.write_all(("add_rejected", rejected_row(hit)) for hit in new[:room])

    def read_rejected(self, site: str, since: int, until: int, limit: int) -> list[RejectedHit]:
        """See Store."""
        found: list[RejectedHit] = []
        days = {day for day, rows in self._rejected_counts(site, since, until).items() if rows}
        latest = until - 1 - (until - 1) % HOUR_MS
        hours = [hour for hour in range(latest, since - HOUR_MS, -HOUR_MS) if hour - hour % DAY_MS in days]
        for some in groups(hours, HOURS_AT_ONCE):
            parts = self.cql.run_all(("read_rejected", (site, hour, since, until, limit)) for hour in some)
            found.extend(msgspec.json.decode(row["body"], type=RejectedHit) for rows in parts for row in rows)
            if len(found) >= limit:
                break
        return found[:limit]

    def read_rejected_counts(self, site: str, since: int, until: int) -> Mapping[str, int]:
        """See Store. Whole UTC days are counted."""
        counts: Counter[str] = Counter()
        for rows in self._rejected_counts(site, since, until).values():
            for row in rows:
                counts[row["code"]] += row["amount"]
        return counts

    def prepare(self) -> None:
        """See Store."""
        self.cql.make_tables(TABLES)
        self.cql.drop_tables(DROPPED)

    def check(self) -> None:
        """See Store."""
        self.cql.run("check")

    def close(self) -> None:
        """Close the session with Cassandra. The next call opens a new one."""
        self.cql.close()

    def _rejected_counts(self, site: str, since: int, until: int) -> dict[int, list[Row]]:
        """Read how many hits were rejected on the days of an interval. Returns the start of each UTC day -> the rows of
        its counts."""
        days = range(since - since % DAY_MS, until, DAY_MS)
        found = self.cql.run_all(("read_rejected_counts", (site, day)) for day in days)
        return dict(zip(days, found, strict=True))

    def _slices(self, site: str, newest: int, slices: Sequence[Slice]) -> Iterator[list[Touch]]:
        """Read the last `newest` touches of each slice. A slice is a visitor's clicks, or its views, in a span of
        time."""
        calls = (
            ("read_newest", (site, span.visitor, sorted_kind(kind), span.since, span.until, newest))
            for span, kind in slices
        )
        for rows in self.cql.run_all(calls):
            yield [fact for row in rows if isinstance(fact := decode_fact(row["body"]), Touch)]

    def _links(self, calls: Iterable[tuple[str, tuple[object, ...]]]) -> list[Link]:
        return [fact for fact in self._facts(calls) if isinstance(fact, Link)]

    def _facts(self, calls: Iterable[tuple[str, tuple[object, ...]]]) -> list[Fact]:
        found = self.cql.run_all(calls)
        return list(dict.fromkeys(decode_fact(row["body"]) for rows in found for row in rows))

    def _some(self, name: str, statements: Sequence[tuple[object, ...]], most: int) -> BoundedRows:
        """Run a statement once for each tuple of values. Returns the conversions that were found, each once. If there
        are more than about `most` conversions, some are left out."""
        limit = most // max(len(statements), 1) + AT_LEAST
        parts = self.cql.run_all((name, (*values, limit + 1)) for values in statements)
        facts = dict.fromkeys(decode_fact(row["body"]) for rows in parts for row in rows)
        rows = [fact for fact in facts if isinstance(fact, Conversion | Joined)]
        return BoundedRows(rows, any(len(part) > limit for part in parts))

    def _new(self, hits: Sequence[RejectedHit]) -> list[RejectedHit]:
        """Return the hits that the table of rejected hits doesn't have yet, each once."""
        hours: dict[tuple[str, int], list[RejectedHit]] = defaultdict(list)
        for hit in hits:
            hours[hit.site, hit.at - hit.at % HOUR_MS].append(hit)
        found = self.cql.run_all(
            ("find_rejected", (*hour, sorted({(hit.at, hit.hit) for hit in part})))
            for hour, some in hours.items()
            for part in groups(some, SLICE)
        )
        listed = {(row["at"], row["hit"], row["code"], row["field"]) for rows in found for row in rows}
        fresh = {(hit.at, hit.hit, hit.code, hit.field): hit for hit in hits}
        return [hit for key, hit in fresh.items() if key not in listed]


def rows_of(fact: Fact, parts: Parts) -> Iterator[Write]:
    """Make the rows of a fact in the tables timeline, ledger and claims. `parts`: how many parts the buckets of the
    fact's site have."""
    kind, key, body = kind_of(fact), digest(fact), encode_fact(fact)
    if not isinstance(fact, Adjustment):
        yield "add_timeline", (fact.site, fact.visitor, sorted_kind(stored_kind(fact)), fact.at, fact.hit, key, body)
    if isinstance(fact, Touch | Conversion):
        yield "add_ledger", (fact.site, fact.bucket, parts.part_of(place_of(fact)).index, kind, fact.hit, key, body)
    if isinstance(fact, Conversion | Adjustment | Joined):
        for claim in claims_of(fact):
            yield "add_claims", (fact.site, claim, stored_kind(fact), *goal_of(fact), fact.at, fact.hit, key, body)


def carried_row(click: str, fact: Touch | Conversion) -> tuple[object, ...]:
    """Make the row of the table `carried` by which a fact is found by a click id."""
    return fact.site, click, click_row_kind(fact), fact.at, fact.hit, digest(fact), encode_fact(fact)


def member_row(member: tuple[str, str, str]) -> Write:
    """Make the row of one member of a linked set. `member`: (site, key of the set, member), such as a site, `u:anna`
    and a visitor."""
    return "add_linked", member


def sorted_kind(kind: str) -> str:
    """Return the kind that a row of the timeline has in Cassandra, such as `touch click` for a click.

    The rows of a timeline are sorted by kind. With this prefix, touches come after conversions and links, which are
    read for each hit.
    """
    return f"touch {kind}" if kind in STORED_KINDS["touch"] else kind


def joined_spans(site: str, spans: Iterable[Span]) -> Iterator[tuple[object, ...]]:
    """Merge spans of several visitors. Yields the values of a statement that reads one merged span: (site, visitors,
    since, until).

    Spans are merged if they begin in the same hour and end in the same hour. A merged span goes from the earliest start
    to the latest end. The caller drops the rows that are outside the given spans.
    """
    alike: dict[tuple[int, int], list[Span]] = defaultdict(list)
    for span in spans:
        alike[span.since // HOUR_MS, span.until // HOUR_MS].append(span)
    for same in alike.values():
        for some in groups(same):
            visitors = sorted({span.visitor for span in some})
            yield site, visitors, min(span.since for span in some), max(span.until for span in some)


def groups(items: Sequence[T], size: int = BATCH_PARTITIONS) -> Iterator[Sequence[T]]:
    """Divide items into groups of at most `size`. The default is the largest number of partitions that one statement
    may read."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def goal_of(fact: Conversion | Adjustment | Joined) -> tuple[str, int]:
    """Return the goal uid and the version of a conversion. The table `claims` sorts its rows by these two. For an
    adjustment they are empty and 0."""
    return ("", 0) if isinstance(fact, Adjustment) else (fact.goal, fact.version)


def claims_of(fact: Conversion | Adjustment | Joined) -> set[str]:
    """Return the keys under which the table `claims` stores a fact. A fact is stored under its dedupe key (claim). A
    conversion is also stored under `h:HIT_ID`, because support searches by hit ids."""
    return {fact.claim, f"h:{fact.hit}"} if isinstance(fact, Conversion) else {fact.claim}


def rejected_row(hit: RejectedHit) -> tuple[object, ...]:
    """Make the row of a rejected hit in the table `rejected`."""
    body = msgspec.json.encode(hit)
    return hit.site, hit.at - hit.at % HOUR_MS, hit.at, hit.hit, hit.code, hit.field, body
