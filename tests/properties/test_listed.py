"""The list of conversions and the report agree under every filter: for each ad, the credit of the listed conversions
adds up to the ad's row."""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from django.http import QueryDict

from conversions.attribution.credit import MODELS
from conversions.explain.listed import ListedConversion
from conversions.explain.newest import find_newest, newest_first
from conversions.explain.wanted import Wanted, read_wanted
from conversions.filters.filters import AD_KEYS
from conversions.marks.marks import known_parts
from conversions.models import Ad
from conversions.rules.site import SiteConfig
from conversions.store.port import Store
from reporting.report.answer import answer, plain_answer
from reporting.report.query import read_query
from tests.properties.scenario import CLOCKS, EDGES
from tests.properties.test_invariance import YEAR_3000, World, day, small_limits
from tests.properties.worlds import ON_CASSANDRA, WORLDS, Clock, worlds

pytestmark = pytest.mark.django_db

#: How often each world's list is compared with its report: on SQL and on Cassandra, where each read takes longer.
TIMES, ON_CASSANDRA_TIMES = 5, 2
#: A filter as (parameter, value), as in an address.
Filters = list[tuple[str, str]]
#: What a row is for -> its conversions and value in micros.
Sums = dict[tuple[Any, ...], tuple[int, int]]


class Asked:
    """A world's report and list of conversions, over days that have all of its hits."""

    def __init__(self, world: World) -> None:
        self.site: SiteConfig = world.read_config(world.site.key)
        self.store = world.plain_store
        first = datetime.fromisoformat(day(world.scenario.start)) - timedelta(days=4)
        self.days = [("from", str(first.date())), ("to", str((first + timedelta(days=20)).date()))]

    def report(self, filters: Filters, **parameters: str) -> dict[str, Any]:
        query = read_query(QueryDict(urlencode([*self.days, *filters, *parameters.items()])), self.site)
        return plain_answer(answer(self.store, query, self.site, YEAR_3000), query)

    def listed(self, filters: Filters, **parameters: str) -> list[ListedConversion]:
        """Return the whole list."""
        wanted = self.wanted([*filters, *parameters.items()])
        steps = newest_first(self.store, self.site, wanted, known_parts)
        return [step.conversion for step in steps if step.conversion]

    def in_pages(self, size: int) -> Iterator[ListedConversion]:
        """Yield the whole list without filters, read in pages of `size` conversions."""
        after: str | None = ""
        while after is not None:
            wanted = self.wanted([("limit", str(size)), ("after", after)])
            found = find_newest(self.store, self.site, wanted, known_parts, lambda: False)
            yield from found.conversions
            after = found.next

    def wanted(self, parameters: Filters) -> Wanted:
        return read_wanted(QueryDict(urlencode([*self.days, *parameters])), self.site)


def micros(text: str) -> int:
    return int(text.replace(".", ""))


def add_up(rows: Iterable[tuple[tuple[Any, ...], Mapping[str, Any]]], credit: str = "conversions") -> Sums:
    """Return the sums of rows by their keys, without empty sums."""
    sums: Sums = defaultdict(lambda: (0, 0))
    for key, row in rows:
        sums[key] = sums[key][0] + micros(row[credit]), sums[key][1] + micros(row["value"])
    return {key: pair for key, pair in sums.items() if any(pair)}


def draw_filters(rng: random.Random, rows: list[dict[str, Any]]) -> Filters:
    """Return some filters whose values occur in the rows."""
    found = []
    for name in rng.sample([*AD_KEYS, "goal"], rng.choice([0, 1, 1, 2, 3])):
        there = sorted({row[name] for row in rows})
        if there:
            found += [(name + rng.choice(["", "", "!"]), value) for value in rng.sample(there, min(2, len(there)))]
    return found


def meets(row: Mapping[str, Any], filters: Filters, keys: Iterable[str]) -> bool:
    """Whether a row meets the filters of some keys."""
    for key in keys:
        only = [value for name, value in filters if name == key]
        if (only and row[key] not in only) or (f"{key}!", row[key]) in filters:
            return False
    return True


def compare(asked: Asked, rng: random.Random) -> None:
    """Compare the list with the report under random filters and a random model."""
    model = rng.choice(list(MODELS))
    whole = asked.report([], model=model, by=",".join((*AD_KEYS, "goal")))
    everything, lost = whole["rows"], whole["unattributed"].get("rows", [])
    filters = draw_filters(rng, everything)
    listed = asked.listed(filters, model=model)
    of_ads = add_up(
        ((row["ad"], row["campaign"], row["configured"], row["goal"]), row)
        for row in everything
        if meets(row, filters, (*AD_KEYS, "goal"))
    )
    shares = [
        ((one.ad, one.campaign or "(none)", one.configured, row.goal.key), {"credit": one.credit, "value": one.value})
        for row in listed
        for one in row.ads
        if one.included
    ]
    assert add_up(shares, "credit") == of_ads
    only_ads = {name for name, _ in filters} & {*AD_KEYS}
    nobodys = add_up(((row["goal"],), row) for row in lost if meets(row, filters, ["goal"]) and not only_ads)
    assert add_up(((row.goal.key,), reported(row)) for row in listed if not row.ads) == nobodys
    for basis in ("conversion", "click"):
        report = asked.report(filters, model=model, by="ad,campaign,goal", basis=basis)
        assert of_ads == add_up(
            ((row["ad"], row["campaign"], row["configured"], row["goal"]), row) for row in report["rows"]
        )
        assert nobodys == add_up(((row["goal"],), row) for row in report["unattributed"].get("rows", []))
        assert add_up(((), reported(row)) for row in listed) == add_up([((), report["totals"])])
    by_day = asked.report(filters, model=model, by="day")["rows"]
    own_and_nobodys = [((row["day"],), amounts) for row in by_day for amounts in (row, row["unattributed"])]
    assert add_up(((day_at(row, asked.site),), reported(row)) for row in listed) == add_up(own_and_nobodys)


def reported(row: ListedConversion) -> dict[str, str]:
    return {"conversions": row.reported.conversions, "value": row.reported.value}


def day_at(row: ListedConversion, site: SiteConfig) -> str:
    """Return the site's day of a conversion."""
    return str(datetime.fromisoformat(row.at).astimezone(ZoneInfo(site.timezone)).date())


def process(world: World) -> None:
    """Process all hits, some of them before the configuration changes. Only then make the figures, each once."""
    for _ in range(world.rng.choice([0, 3, 99])):
        world.work()
    if world.changes:
        world.change()
    while world.tables:
        world.load_rates()
    while world.work():
        pass
    world.drain()


def check(store: Store, rng: random.Random, clock: Clock, times: int) -> None:
    """Process the hits of a world, perhaps with a change of the configuration. Then compare the list of the world's
    conversions with its reports."""
    world = World(rng, store, *clock)
    Ad.objects.filter(campaign__site=world.site, key="two").update(channel=rng.choice(["", "email"]))
    world.before = world.config()
    with small_limits(world):
        process(world)
        asked = Asked(world)
        for _ in range(times):
            compare(asked, rng)
        assert list(asked.in_pages(rng.randrange(2, 9))) == asked.listed([])


@pytest.mark.sqlite
@worlds(WORLDS // 24, [*CLOCKS, *EDGES])
def test_the_listed_conversions_add_up_to_the_report_under_every_filter(
    sql_store: Store, seed: int, clock: Clock
) -> None:
    check(sql_store, random.Random(seed), clock, TIMES)


@pytest.mark.services
@worlds(ON_CASSANDRA // 12, [*CLOCKS, *EDGES])
def test_the_listed_conversions_add_up_to_the_report_on_cassandra(
    cassandra_store: Store, seed: int, clock: Clock
) -> None:
    check(cassandra_store, random.Random(seed), clock, ON_CASSANDRA_TIMES)
