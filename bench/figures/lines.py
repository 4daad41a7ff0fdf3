"""The measurements of figures. Each function makes its data and yields what it measured; `scale` 0.1 uses a tenth of
the data."""

from collections.abc import Callable, Iterator, Mapping

from django.db import transaction

from bench.figures.archive import archives, fill, merge, replayed, size_of
from bench.figures.line import NODE, Cost, Line, cost_of, p95_of
from bench.figures.many import ManySites
from bench.figures.site import AFTER, DAYS, FIRST, LAST, START, BenchSite, visitor_id
from bench.figures.steady import Steady
from bench.figures.workers import Used, roll_up_parts, workers
from conversions.configuration.loading import load_site
from conversions.marks import marks as sequence
from conversions.units.clock import DAY_MS, HOUR_MS
from reporting.report.answer import answer
from reporting.report.query import read_query
from tracker.archive import ObjectArchive

REPORTS = 20
BATCH = 24
PEOPLE = 200_000
SMALL_BUCKETS = 200
#: The minutes of an hour that are measured.
MINUTES = 20
#: The hits of each hour of the 90 days.
HOURLY = 63
LATE, LATE_DAYS = 400, 80
#: The number of hits that are replayed from small objects, and how many times as many from merged ones.
ARCHIVED, MERGED_TIMES = 12_000, 5


def reports(scale: float) -> Iterator[Line]:
    """Measure reports of 90 days of sites with 10, 200 and 1,000 ads (95th percentile)."""
    for ads in (10, 200, 1_000):
        site = BenchSite(f"reports-{ads}", ads)
        with transaction.atomic():
            site.fill_cells()
        yield Line(f"ads-{ads}", slow_report(site, "ad", scale))
        if ads == 200:
            yield Line("day-ad", slow_report(site, "day,ad", scale))


def slow_report(site: BenchSite, by: str, scale: float) -> Cost:
    """Measure a report of 90 days with these keys (95th percentile)."""

    def ask() -> None:
        config = load_site(site.key)
        assert config
        answer(site.store, read_query({"from": FIRST, "to": LAST, "by": by}, config), config, AFTER)

    ask()
    return p95_of(ask, max(round(REPORTS * scale), 4))


def hot_hour(scale: float) -> Iterator[Line]:
    """Measure an hour of many conversions, divided into 256 parts: its rollup by one and by two workers, a batch, and a
    late click."""
    people = round(PEOPLE * scale)
    site = BenchSite("hot", 200)
    site.divide(256)
    with workers(2) as pool:
        site.fill_hour(START, people, pool)
    if not NODE:
        hits = [site.sale(f"s{n}", START + DAY_MS + n, visitor_id(START, n)) for n in range(BATCH)]
        batches = [cost_of(lambda: site.process(hits)) for _ in range(9)]
        yield Line("batch", sorted(batches, key=lambda one: one.cpu)[4], f"{2 * people:,} facts")
    for number in (1, 2):
        sequence.mark_buckets(site.key, [START])
        used: list[Used] = []
        with workers(number) as pool:
            found = [site.key] * number
            cost = cost_of(lambda: used.extend(pool.map(roll_up_parts, found)))  # noqa: B023
        own = Cost(cost.clock, sum(one.cpu for one in used), cost.node)
        most = max(one.mib for one in used)
        yield Line("hour" if number == 1 else "hour-2", own, f"{people:,} conversions; {most} MiB a worker")
    site.process([site.click("late", START + 1, visitor_id(START, 7))])
    yield Line("late", cost_of(site.roll_up))


def person(scale: float) -> Iterator[Line]:
    """Measure the rollup of an hour in which one person has 2,000 clicks and 500 sales, as a stranger could send
    them."""
    site = BenchSite("person", 10)
    clicks = [site.click(f"c{n}", START + n, "one") for n in range(round(2_000 * scale))]
    sales = [site.sale(f"s{n}", START + HOUR_MS // 2 + n, "one") for n in range(round(500 * scale))]
    for first in range(0, len(clicks), 500):
        site.process(clicks[first : first + 500])
    site.process(sales)
    used: list[Used] = []
    with workers(1) as pool:
        cost = cost_of(lambda: used.append(pool.submit(roll_up_parts, site.key).result()))
    yield Line("person", Cost(cost.clock, used[0].cpu, cost.node), f"{used[0].mib} MiB a worker")


def small_buckets(scale: float) -> Iterator[Line]:
    """Measure the rollup of many hours with one click and one sale each."""
    site = BenchSite("small", 10)
    many = round(SMALL_BUCKETS * max(scale, 0.25))
    for n in range(many):
        at = START + n * HOUR_MS
        site.process([site.click(f"c{n}", at, f"v{n}"), site.sale(f"s{n}", at + 1, f"v{n}")])
    yield Line("small", cost_of(site.roll_up).each(many))


def steady(scale: float) -> Iterator[Line]:
    """Measure some minutes of 1,000 hits a second, rolled up each minute."""
    hour = Steady(BenchSite("steady", 200))
    for _ in range(round(MINUTES * scale)):
        hour.minute()
    yield Line("steady", hour.cost.each(hour.hits), f"{hour.hits:,} hits, {hour.rollups:,} rollups of parts")


def quiet_site(scale: float) -> Iterator[Line]:
    """Measure 90 days of 63 hits an hour: processing, rollup, and a rollup after 400 late clicks."""
    site = BenchSite("quiet", 20)
    days = round(DAYS * scale)
    hours = [START + n * HOUR_MS for n in range(days * 24)]

    def send() -> None:
        for bucket in hours:
            at = [bucket + n * 57_000 for n in range(HOURLY)]
            hits = [
                (site.sale if n % 9 == 8 else site.click)(f"{bucket}-{n}", when, visitor_id(bucket, n // 3))
                for n, when in enumerate(at)
            ]
            site.process(hits[: HOURLY // 2])
            site.process(hits[HOURLY // 2 :])

    def figures() -> None:
        site.roll_up()
        site.make_days()

    yield Line("sent", cost_of(send), f"{days} days")
    yield Line("quiet", cost_of(figures))
    late = round(LATE * scale)
    for n in range(late):
        at = START + n * LATE_DAYS * DAY_MS * days // DAYS // late
        site.process([site.click(f"late-{n}", at, visitor_id(at - at % HOUR_MS, n % 20))])
    yield Line("quiet-late", cost_of(figures), f"{late} clicks")


def many_sites(scale: float) -> Iterator[Line]:
    """Measure a tick of many sites: with five hits each, and with one new hit on every fifth site."""
    sites = ManySites(round(5_000 * scale))
    sites.send(sites.keys, 5)
    yield Line("sites-5000", cost_of(sites.tick), f"{len(sites.keys):,} sites; {sites.left():,} left")
    sites.send(sites.keys[::5], 1)
    yield Line("sites-1000", cost_of(sites.tick), f"{len(sites.keys[::5]):,} sites; {sites.left():,} left")


def archive(scale: float) -> Iterator[Line]:
    """Measure replays from small and from merged objects, in each archive."""
    with archives() as places:
        for name, place in places.items():
            yield from replays(name, place, round(ARCHIVED * scale) // 24 * 24)


def replays(name: str, place: ObjectArchive, hits: int) -> Iterator[Line]:
    """Measure a replay from small objects, the merge, and a replay from merged objects."""
    end = "-s3" if name == "S3" else ""
    small, merged = (BenchSite(f"{name.lower()}{kind}", 20) for kind in ("small", "merged"))
    fill(place, small.key, hits)
    yield Line(f"replay-small{end}", cost_of(lambda: replayed(place, small)).each(hits), f"{hits:,} hits")
    place.delete(list(place.list()))
    hits *= MERGED_TIMES
    fill(place, merged.key, hits)
    before = size_of(place)
    cost = cost_of(lambda: merge(place)).each(hits)
    yield Line(f"merge{end}", cost, f"{size_of(place) / hits:.0f} bytes a hit, {before / hits:.0f} before")
    yield Line(f"replay-merged{end}", cost_of(lambda: replayed(place, merged)).each(hits), f"{hits:,} hits")


#: Name of a part of the benchmark -> its function; and the parts that are measured on Cassandra as well.
LINES: Mapping[str, Callable[[float], Iterator[Line]]] = {
    "reports": reports,
    "hot": hot_hour,
    "person": person,
    "small": small_buckets,
    "steady": steady,
    "sites": many_sites,
    "quiet": quiet_site,
    "archive": archive,
}
ON_CASSANDRA = ("reports", "hot", "person", "small", "steady", "sites")
