"""SQL: the Store on Django's ORM, on SQLite for one small site on one machine, or on PostgreSQL."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain
from typing import Any

import msgspec
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Collate

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
)
from conversions.facts.rejected import RejectedHit
from conversions.facts.slots import slot_of
from conversions.rules.parts import UNDIVIDED, WHOLE, Part, Parts
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
    StoreUnavailable,
    TimelineKind,
    stored_kind,
)
from conversions.store.rows import (
    CarriedRow,
    CellRow,
    CountRow,
    FactRow,
    LinkedRow,
    SetAsideCountRow,
    SetAsideRow,
    by_day,
)
from conversions.store.spans import Slice, read_newest, visitors_with_more, within
from conversions.units.clock import DAY_MS

#: A statement has at most this many items, because SQLite limits the variables of a statement.
CHUNK = 200
#: The visitors of a chunk of spans are first read together, at most this number times `newest` touches. If there may be
#: more touches, each visitor is then read alone.
TIMES_NEWEST = 10
#: The collations that sort ids as Python and Cassandra do, in any locale of the database.
BYTE_ORDER = {"sqlite": "BINARY", "postgresql": "C"}
ADD_FACT = """
    INSERT INTO conversions_factrow (site, kind, hit, digest, visitor, claim, bucket, slot, at, body)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"""
ADD_CARRIED = """
    INSERT INTO conversions_carriedrow (site, click, kind, at, hit, digest, body)
    VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"""
ADD_MEMBER = """
    INSERT INTO conversions_linkedrow (site, key, other) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"""
WRITE_CELL = """
    INSERT INTO conversions_cellrow (site, model, page, start, key, token, body) VALUES (%s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (site, model, page, start, key) DO UPDATE SET token = excluded.token, body = excluded.body
    WHERE excluded.token >= conversions_cellrow.token"""
#: A counter stops at its limit. More than 64 bits would be an error on PostgreSQL and a float on SQLite.
ADD_COUNT = """
    INSERT INTO conversions_countrow (site, bucket, goal, ad, metric, amount) VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (site, bucket, goal, ad, metric) DO UPDATE SET amount = conversions_countrow.amount + excluded.amount
    WHERE conversions_countrow.amount + excluded.amount BETWEEN -4000000000000000000 AND 4000000000000000000"""
COUNT_REJECTED = """
    INSERT INTO conversions_setasidecountrow (site, day, code, amount) VALUES (%s, %s, %s, %s)
    ON CONFLICT (site, day, code) DO UPDATE SET amount = conversions_setasidecountrow.amount + excluded.amount"""


@contextmanager
def away() -> Iterator[None]:
    """Raise StoreUnavailable if the block fails because the database can't be reached or stays locked."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise StoreUnavailable(f"the facts' database: {error}") from error


class SqlStore:
    """The Store in Django's database. Each write is one transaction: if the process crashes, either the whole write is
    stored or nothing."""

    def add_facts(self, facts: Sequence[Fact], parts: Mapping[str, Parts] = UNDIVIDED) -> None:  # noqa: ARG002
        """See Store. `parts` is not used: each row has the fact's slot, and any part can be read by slots."""
        members = members_to_add(self, facts)
        with away(), transaction.atomic():
            execute_all(ADD_FACT, [fact_row(fact) for fact in facts])
            add_carried(facts)
            add_members(members)

    def announce(self, site: str, keys: Iterable[str]) -> None:
        """See Store."""
        with away():
            add_members((site, key, ANNOUNCED) for key in keys)

    def read_touches(self, site: str, newest: int, spans: Iterable[Span]) -> list[Touch]:
        """See Store. Several visitors are read together. A visitor who may have more touches is then read alone."""
        found = dict.fromkeys(fact for some in chunks_by_time(spans) for fact in self._read_touches(site, newest, some))
        return [fact for fact in found if isinstance(fact, Touch)]

    def read_conversions(self, site: str, spans: Iterable[Span]) -> list[Conversion | Joined]:
        """See Store."""
        found: dict[Conversion | Joined, None] = {}
        for some in chunks_by_time(spans):
            rows = (
                fact
                for fact in read_facts(query_around(site, "conversion", some))
                if isinstance(fact, Conversion | Joined)
            )
            found |= dict.fromkeys(within(rows, some))
        return list(found)

    def read_some_conversions(self, site: str, most: int, spans: Iterable[Span]) -> BoundedRows:
        """See Store."""
        parts = list(chunks_by_time(spans))
        found = read_some([query_around(site, "conversion", some) for some in parts], most)
        return msgspec.structs.replace(found, rows=list(within(found.rows, chain(*parts))))

    def read_some_claims(self, site: str, most: int, claims: Iterable[str]) -> BoundedRows:
        """See Store."""
        # With `kind = 'conversion'` in the query, SQLite would read all conversions of the site.
        rows = FactRow.objects.filter(site=site).exclude(claim="").exclude(kind="adjustment")
        return read_some([rows.filter(claim__in=some) for some in chunks(sorted(set(claims)))], most)

    def read_timeline(
        self, site: str, visitor: str, kind: TimelineKind, after: OrderKey, limit: int
    ) -> list[Touch | Conversion | Link | Joined]:
        """See Store."""
        at, hit, key = after
        rows = FactRow.objects.filter(site=site, visitor=visitor, kind__in=STORED_KINDS[kind], at__gte=at)
        rows = rows.alias(id_order=id_order())
        rows = rows.filter(Q(at__gt=at) | Q(id_order__gt=hit) | Q(id_order=hit, digest__gt=key))
        facts = read_facts(rows.order_by("at", "id_order", "digest")[:limit])
        return [fact for fact in facts if not isinstance(fact, Adjustment)]

    def read_claims(self, site: str, claims: Iterable[str]) -> list[Conversion | Adjustment | Joined]:
        """See Store."""
        found: list[Fact] = []
        for some in chunks(sorted(set(claims))):
            # The index has no empty claims. A query that doesn't exclude them can't use it, and reads the whole site.
            found.extend(read_facts(FactRow.objects.filter(site=site, claim__in=some).exclude(claim="")))
        return [fact for fact in found if isinstance(fact, Conversion | Adjustment | Joined)]

    def read_by_click_id(self, site: str, slices: Iterable[ClickSlice]) -> list[Touch | Conversion]:
        """See Store. Each slice is read as one range of the index."""
        found: dict[Fact, None] = {}
        for one in slices:
            rows = CarriedRow.objects.filter(site=site, click=one.click, kind=one.kind)
            rows = rows.filter(at__gte=one.since, at__lte=one.until).alias(id_order=id_order())
            order = ("-at", "-id_order", "-digest") if one.last else ("at", "id_order", "digest")
            found |= dict.fromkeys(read_facts(rows.order_by(*order)[: one.most]))
        return [fact for fact in found if isinstance(fact, Touch | Conversion)]

    def read_bucket(self, site: str, bucket: int, part: Part = WHOLE) -> list[Touch | Conversion]:
        """See Store."""
        rows = FactRow.objects.filter(site=site, bucket=bucket)
        if part.number > 1:
            first, end = part.slots
            rows = rows.filter(slot__gte=first, slot__lt=end)
        return [fact for fact in read_facts(rows) if isinstance(fact, Touch | Conversion)]

    def find_hit(self, site: str, hit: str) -> list[Conversion]:
        """See Store."""
        facts = read_facts(FactRow.objects.filter(site=site, kind="conversion", hit=hit))
        return [fact for fact in facts if isinstance(fact, Conversion)]

    def read_linked(self, site: str, keys: Iterable[str]) -> list[Linked]:
        """See Store."""
        found: list[Linked] = []
        for some in chunks(sorted(set(keys))):
            with away():
                rows = LinkedRow.objects.filter(site=site, key__in=some).values_list("key", "other")
                found.extend(Linked(key, other) for key, other in rows)
        return found

    def read_next_links(self, site: str, moments: Iterable[Moment]) -> list[Link]:
        """See Store."""
        order = ("at", id_order(), "digest")
        pages = (links_of(site, one.visitor).filter(at__gte=one.at).order_by(*order) for one in moments)
        return [link for page in pages for link in read_facts(page[:LINKS_AT_ONCE]) if isinstance(link, Link)]

    def read_last_links(self, site: str, moments: Iterable[Moment]) -> list[Link]:
        """See Store."""
        order = ("-at", id_order().desc(), "-digest")
        earlier = (links_of(site, one.visitor).filter(at__lt=one.at).order_by(*order) for one in moments)
        return [link for page in earlier for link in read_facts(page[:1]) if isinstance(link, Link)]

    def write_cells(self, sets: Iterable[CellSet]) -> None:
        """See Store."""
        rows = (
            (one.site, cell.model, cell.page, cell.start, cell.key, one.token, cell.body)
            for one in sets
            for cell in one.cells
        )
        execute_all(WRITE_CELL, list(rows))

    def read_cells(self, site: str, models: Sequence[str], pages: Sequence[str]) -> list[Cell]:
        """See Store."""
        with away():
            rows = CellRow.objects.filter(site=site, model__in=models, page__in=pages).order_by("start", "key", "model")
            found = rows.values_list("start", "page", "key", "model", "body")
            return [Cell(start, page, key, model, bytes(body)) for start, page, key, model, body in found]

    def add_counts(self, counts: Iterable[Count]) -> None:
        """See Store."""
        execute_all(ADD_COUNT, [(one.site, one.bucket, one.goal, one.ad, one.metric, one.amount) for one in counts])

    def read_counts(self, site: str, bucket: int) -> list[Count]:
        """See Store."""
        with away():
            rows = CountRow.objects.filter(site=site, bucket=bucket)
            return [Count(site, bucket, row.goal, row.ad, row.metric, row.amount) for row in rows]

    def write_rejected(self, hits: Sequence[RejectedHit], daily_cap: int) -> None:
        """See Store."""
        with away(), transaction.atomic():
            for (site, day), some in by_day(hits).items():
                self._write_rejected(site, day, some, daily_cap)

    def read_rejected(self, site: str, since: int, until: int, limit: int) -> list[RejectedHit]:
        """See Store."""
        with away():
            rows = SetAsideRow.objects.filter(site=site, at__gte=since, at__lt=until).order_by("-at", "-pk")[:limit]
            return [RejectedHit(**{name: getattr(row, name) for name in RejectedHit.__struct_fields__}) for row in rows]

    def read_rejected_counts(self, site: str, since: int, until: int) -> Mapping[str, int]:
        """See Store. Whole UTC days are counted."""
        with away():
            rows = SetAsideCountRow.objects.filter(site=site, day__gt=since - DAY_MS, day__lt=until)
            counts: Counter[str] = Counter()
            for code, amount in rows.values_list("code", "amount"):
                counts[code] += amount
            return counts

    def prepare(self) -> None:
        """Does nothing, because `manage.py migrate` makes the tables."""

    def check(self) -> None:
        """See Store."""
        with away():
            FactRow.objects.values_list("pk").first()

    def _read_touches(self, site: str, newest: int, spans: Sequence[Span]) -> Iterator[Fact]:
        facts = read_facts(query_around(site, "touch", spans)[: TIMES_NEWEST * newest])
        all_read = len(facts) < TIMES_NEWEST * newest
        touches = [fact for fact in facts if isinstance(fact, Touch)]
        many = visitors_with_more(touches, newest) if all_read else {span.visitor for span in spans}
        few = (touch for touch in touches if touch.visitor not in many)
        rest = read_newest(partial(slices_of, site, newest), newest, (one for one in spans if one.visitor in many))
        yield from within(chain(few, rest), spans)

    def _write_rejected(self, site: str, day: int, hits: Sequence[RejectedHit], daily_cap: int) -> None:
        listed = SetAsideRow.objects.filter(site=site, at__gte=day, at__lt=day + DAY_MS)
        known = set(listed.filter(hit__in=[hit.hit for hit in hits]).values_list("hit", "code", "field"))
        new = [hit for hit in hits if (hit.hit, hit.code, hit.field) not in known]
        room = max(daily_cap - listed.count(), 0)
        rows = [SetAsideRow(**{name: getattr(hit, name) for name in hit.__struct_fields__}) for hit in new[:room]]
        SetAsideRow.objects.bulk_create(rows, CHUNK, ignore_conflicts=True)
        amounts = Counter(hit.code for hit in new)
        execute_all(COUNT_REJECTED, [(site, day, code, amount) for code, amount in sorted(amounts.items())])


def fact_row(fact: Fact) -> tuple[Any, ...]:
    """Make the row of a fact, as values for the statement ADD_FACT."""
    return (
        fact.site,
        stored_kind(fact),
        fact.hit,
        digest(fact),
        "" if isinstance(fact, Adjustment) else fact.visitor,
        "" if isinstance(fact, Touch | Link) else fact.claim,
        None if isinstance(fact, Adjustment | Link | Joined) else fact.bucket,
        slot_of(fact) if isinstance(fact, Touch | Conversion) else 0,
        fact.at,
        encode_fact(fact),
    )


def add_carried(facts: Iterable[Fact]) -> None:
    """Write the rows by which facts are found by a click id. A touch has a row for each of its click ids. A conversion
    has a row for the id that it names."""
    rows = [
        (fact.site, click, click_row_kind(fact), fact.at, fact.hit, digest(fact), encode_fact(fact))
        for click, fact in by_click_ids(facts)
    ]
    execute_all(ADD_CARRIED, rows)


def read_facts(rows: QuerySet[FactRow] | QuerySet[CarriedRow]) -> list[Fact]:
    """Run a query, and decode the fact of each row."""
    with away():
        return [decode_fact(bytes(body)) for body in rows.values_list("body", flat=True)]


def read_some(queries: Sequence[QuerySet[FactRow]], most: int) -> BoundedRows:
    """Run the queries. Returns the conversions that were found, each once. If there are more than about `most`
    conversions, some are left out."""
    limit = most // max(len(queries), 1) + AT_LEAST
    parts = [read_facts(rows[: limit + 1]) for rows in queries]
    found = dict.fromkeys(fact for part in parts for fact in part if isinstance(fact, Conversion | Joined))
    return BoundedRows(list(found), any(len(part) > limit for part in parts))


def links_of(site: str, visitor: str) -> QuerySet[FactRow]:
    """Query the links of a visitor."""
    return FactRow.objects.filter(site=site, visitor=visitor, kind="link")


def add_members(members: Iterable[tuple[str, str, str]]) -> None:
    """Add members to linked sets. `members`: (site, key of the set, member), such as a site, `u:anna` and a visitor of
    the user anna."""
    execute_all(ADD_MEMBER, list(members))


def chunks_by_time(spans: Iterable[Span]) -> Iterator[Sequence[Span]]:
    """Sort spans by time, and divide them into chunks that fit into one statement. The spans of a chunk are close to
    each other in time."""
    return chunks(sorted(set(spans), key=lambda span: (span.since, span.until, span.visitor)))


def query_around(site: str, kind: TimelineKind, spans: Sequence[Span]) -> QuerySet[FactRow]:
    """Query the facts of a kind of all visitors in a chunk of spans, from the earliest start to the latest end. The
    caller drops the facts outside the spans.

    A condition for each span would be exact. But SQLite would not use its index for such a query, and would read the
    whole site.
    """
    visitors = sorted({span.visitor for span in spans})
    rows = FactRow.objects.filter(site=site, kind__in=STORED_KINDS[kind], visitor__in=visitors)
    return rows.filter(at__gte=min(span.since for span in spans), at__lte=max(span.until for span in spans))


def slices_of(site: str, newest: int, slices: Sequence[Slice]) -> Iterator[list[Touch]]:
    """Read the last `newest` touches of each slice (a visitor's clicks or views in a span). Each slice is one range of
    the index."""
    for span, kind in slices:
        rows = FactRow.objects.filter(site=site, visitor=span.visitor, kind=kind)
        rows = rows.filter(at__gte=span.since, at__lte=span.until).alias(id_order=id_order())
        facts = read_facts(rows.order_by("-at", "-id_order", "-digest")[:newest])
        yield [fact for fact in facts if isinstance(fact, Touch)]


def id_order() -> Collate:
    """Return the expression by which queries sort hit ids. Its order is the same as Python's, whatever the locale of
    the database is."""
    return Collate("hit", BYTE_ORDER[connection.vendor])


def execute_all(statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Run a statement once for each row, in one transaction. The rows are sorted first, because two callers that write
    the same rows in different orders could deadlock."""
    if rows:
        with away(), transaction.atomic(savepoint=False), connection.cursor() as cursor:
            cursor.executemany(statement, sorted(rows))


def chunks(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Divide items into chunks that fit into one statement."""
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]
