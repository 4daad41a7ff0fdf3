"""Lines: a part of the benchmark (its name -> a function) -> its measurements."""

import resource
import time
from collections.abc import Callable, Iterator, Mapping
from statistics import quantiles

import msgspec
from django.db import transaction

from bench.figures.archive import archives, fill, merge, replayed, size_of
from bench.figures.site import AFTER, DAYS, FIRST, LAST, START, BenchSite
from conversions.configuration.loading import load_site
from conversions.units.clock import DAY_MS, HOUR_MS
from reporting.report.answer import answer
from reporting.report.query import read_query
from tracker.archive import ObjectArchive

REPORTS = 20
BATCH = 24
SMALL_BUCKETS = 200
#: Hits an hour over 90 days.
HOURLY = 63
LATE, LATE_DAYS = 400, 80
#: Hits that are replayed from small objects, and how many times as many from merged ones.
ARCHIVED, MERGED_TIMES = 12_000, 5


class Line(msgspec.Struct, frozen=True):
    """A measurement: its name, its CPU seconds, and a note."""

    what: str
    cpu: float
    note: str = ""


def seconds(work: Callable[[], object]) -> float:
    """The CPU seconds that the work takes in this process."""
    began = time.process_time()
    work()
    return time.process_time() - began


def reports(scale: float) -> Iterator[Line]:
    """The p95 of reports of 90 days."""
    for ads in (10, 200, 1_000):
        site = BenchSite(f"reports-{ads}", ads)
        with transaction.atomic():
            site.fill_cells()
        yield Line(f"report of 90 days by ad, {ads} ads, p95", slow_report(site, "ad", scale))
        if ads == 200:
            yield Line(f"report of 90 days by day and ad, {ads} ads, p95", slow_report(site, "day,ad", scale))


def slow_report(site: BenchSite, by: str, scale: float) -> float:
    """The p95 of a report."""

    def ask() -> None:
        config = load_site(site.key)
        assert config
        answer(site.store, read_query({"from": FIRST, "to": LAST, "by": by}, config), config, AFTER)

    return quantiles([seconds(ask) for _ in range(max(round(REPORTS * scale), 4))], n=20)[-1]


def hot_hour(scale: float) -> Iterator[Line]:
    """An hour of many conversions, divided into 256 parts as beat would divide it, and a late click of one person."""
    people = round(200_000 * scale)
    site = BenchSite("hot", 200)
    site.divide(256)
    site.fill_hour(START, people)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    cpu = seconds(site.roll_up)
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10
    yield Line(f"an hour of {people:,} conversions rolled up", cpu, f"{more} MiB more")
    site.process([site.click("late", START + 1, f"v{START}-7")])
    yield Line(f"one late click in an hour of {people:,} conversions", seconds(site.roll_up))
    hits = [site.sale(f"s{n}", START + DAY_MS + n, f"v{START}-{n}") for n in range(BATCH)]
    title = f"a conversion-heavy batch of {BATCH} with {2 * people:,} facts"
    yield Line(title, min(seconds(lambda: site.process(hits)) for _ in range(5)))


def small_buckets(scale: float) -> Iterator[Line]:
    """Buckets with one click and one sale each."""
    site = BenchSite("small", 10)
    many = round(SMALL_BUCKETS * max(scale, 0.25))
    for n in range(many):
        at = START + n * HOUR_MS
        site.process([site.click(f"c{n}", at, f"v{n}"), site.sale(f"s{n}", at + 1, f"v{n}")])
    yield Line("a small bucket rolled up", seconds(site.roll_up) / many)


def quiet_site(scale: float) -> Iterator[Line]:
    """90 days of 63 hits an hour, then 400 clicks that arrive late."""
    site = BenchSite("quiet", 20)
    days = round(DAYS * scale)
    hours = [START + n * HOUR_MS for n in range(days * 24)]

    def send() -> None:
        for bucket in hours:
            at = [bucket + n * 57_000 for n in range(HOURLY)]
            hits = [
                (site.sale if n % 9 == 8 else site.click)(f"{bucket}-{n}", when, f"v{bucket}-{n // 3}")
                for n, when in enumerate(at)
            ]
            site.process(hits[: HOURLY // 2])
            site.process(hits[HOURLY // 2 :])

    def figures() -> None:
        site.roll_up()
        site.make_days()

    sent = seconds(send)
    yield Line(f"{days} days of {HOURLY} hits an hour: processed", sent)
    yield Line("- then rolled up", seconds(figures))
    late = round(LATE * scale)
    for n in range(late):
        at = START + n * LATE_DAYS * DAY_MS * days // DAYS // late
        site.process([site.click(f"late-{n}", at, f"v{at - at % HOUR_MS}-{n % 20}")])
    yield Line(f"- then {late} clicks that come late", seconds(figures))


def archive(scale: float) -> Iterator[Line]:
    """Replays from objects of 24 hits and from merged ones, in each archive."""
    with archives() as places:
        for name, place in places.items():
            yield from replays(name, place, round(ARCHIVED * scale) // 24 * 24)


def replays(name: str, place: ObjectArchive, hits: int) -> Iterator[Line]:
    """Replays, each of a new site's hits; and the merging between them."""
    small, merged = (BenchSite(f"{name.lower()}{kind}", 20) for kind in ("small", "merged"))
    rates: list[float] = []
    fill(place, small.key, hits)
    cpu = seconds(lambda: rates.append(replayed(place, small)))
    yield Line(f"replay of {hits:,} hits from objects of 24, {name}", cpu, f"{rates[-1]:,.0f} hits/s")
    place.delete(list(place.list()))
    hits *= MERGED_TIMES
    fill(place, merged.key, hits)
    before = size_of(place)
    cpu = seconds(lambda: merge(place))
    note = f"{size_of(place) / hits:.0f} bytes a hit, {before / hits:.0f} before"
    yield Line(f"{hits:,} hits merged, {name}", cpu, note)
    cpu = seconds(lambda: rates.append(replayed(place, merged)))
    yield Line(f"replay of {hits:,} hits from merged objects, {name}", cpu, f"{rates[-1]:,.0f} hits/s")


LINES: Mapping[str, Callable[[float], Iterator[Line]]] = {
    "reports": reports,
    "hot": hot_hour,
    "small": small_buckets,
    "quiet": quiet_site,
    "archive": archive,
}
