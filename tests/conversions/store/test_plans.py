"""The query plans of the SQL store: no query of the hot path or of a rollup reads all facts of a site."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from conversions.facts.records import Conversion, Touch
from conversions.store.port import Store
from conversions.store.sql import ADD_FACT, execute_all, fact_row
from reporting.management.commands.rollup import drain
from tests.shop import DAY, HOUR, MINUTE, NOON, Shop
from tracker.collection.hit import Hit

pytestmark = pytest.mark.django_db

FACTS = 10_000
#: A query, its values and the steps of its plan.
Planned = tuple[str, list[str]]


@pytest.fixture
def shop(sql_store: Store, settings: Any) -> Shop:
    """A shop with a past. Its goal counts one conversion per person, because this needs most reads."""
    settings.CASSANDRA_URL = ""
    shop = Shop(sql_store, counting="once")
    execute_all(ADD_FACT, [fact_row(fact) for fact in past_of(shop)])
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE conversions_factrow, conversions_carriedrow")
            # PostgreSQL scans a table as small as this one. The test asks which index it would use for a large one.
            cursor.execute("SET LOCAL enable_seqscan = off")
    return shop


def past_of(shop: Shop) -> Iterator[Touch | Conversion]:
    """Yield clicks and sales of five thousand visitors."""
    goal = shop.goal.uid
    for n in range(FACTS):
        at = NOON - DAY - n * MINUTE
        place: dict[str, Any] = {"site": shop.key, "visitor": f"v{n % 5000}", "at": at, "bucket": at - at % HOUR}
        yield Conversion(hit=f"pc{n}", goal=goal, version=1, order=f"po{n}", **place)
        yield Touch(hit=f"pt{n}", kind="click", ad="demo-ad", **place)


def every_kind_of_hit(shop: Shop) -> list[Hit]:
    """Return hits of people old and new, with orders of their own and of others, users and an adjustment."""
    return [
        *(shop.click(f"c{n}", visitor=f"v{n}") for n in range(6)),
        *(shop.sale(f"s{n}", at=HOUR, visitor=f"v{n}", order=f"o{n % 4}") for n in range(6)),
        *(shop.sale(f"p{n}", at=HOUR, visitor=f"v{n}", order=f"po{n}", user=f"u{n % 2}") for n in range(6)),
        *(shop.sale(f"n{n}", at=HOUR, visitor=f"v{n}") for n in range(130)),
        shop.adjust("a1", "refund", "o1", at=HOUR, value=1),
    ]


def plans_of(work: Callable[[], Any]) -> list[Planned]:
    """Return the queries on facts that the work makes, each with the steps of its plan."""
    found: list[Planned] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if '"conversions_factrow"' in sql and not sql.startswith(("INSERT", "EXPLAIN")):
            found.append((sql, plan_of(sql, params)))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        work()
    return found


def plan_of(sql: str, params: Any) -> list[str]:
    """Return the steps of a query's plan that read facts."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"EXPLAIN {sql}", params)
            lines = [str(row[0]).strip() for row in cursor.fetchall()]
            return [line for line in lines if "Seq Scan on conversions_factrow" in line or "Index Cond" in line]
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
        return [row[3] for row in cursor.fetchall() if "conversions_factrow" in row[3]]


def narrows(step: str) -> bool:
    """Whether a step searches an index by more than the site."""
    return not step.startswith(("SCAN", "Seq Scan")) and bool(re.search(r"\b(visitor|claim|bucket|hit)\b", step))


def check(plans: list[Planned]) -> None:
    """Check that every step searches for a visitor, a claim, a bucket or a hit of the site."""
    for sql, steps in plans:
        assert steps, sql
        assert all(map(narrows, steps)), f"{steps}\n{sql}"


def test_no_query_of_processing_a_batch_reads_all_facts_of_the_site(shop: Shop) -> None:
    plans = plans_of(lambda: shop.process(*every_kind_of_hit(shop)))
    check(plans)
    assert any("claim" in sql for sql, _ in plans)


def test_no_query_of_rolling_up_and_fitting_reads_all_facts_of_the_site(shop: Shop) -> None:
    shop.process(*every_kind_of_hit(shop))
    check(plans_of(lambda: drain(shop.key)))


def test_no_query_of_finding_and_explaining_reads_all_facts_of_the_site(shop: Shop) -> None:
    check(plans_of(lambda: shop.store.read_claims(shop.key, [f"h:n{n}" for n in range(150)])))
    check(plans_of(lambda: shop.store.find_hit(shop.key, "n1")))
    check(plans_of(lambda: shop.store.read_timeline(shop.key, "v1", "touch", (0, "", ""), 10)))
