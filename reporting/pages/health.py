"""Tracking health: the page that shows what came last from a site, what was refused, and which ads, clicks, costs and
goals need care. Each finding says what to do."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from django.db.models import Max, Q, Sum

from conversions.filters.ad_values import AdValues
from conversions.rules.site import SiteConfig
from conversions.store.port import Store
from conversions.store.reading import open_to_read
from conversions.units.clock import DAY_MS, day_of, days_between, next_day
from conversions.units.now import now_ms
from reporting.health.ads import NAMES, clicked_without_spend, spent_without_clicks, unmatched
from reporting.health.last import HOURS, goal_name, lasts, read_hours
from reporting.health.silence import silences
from reporting.pages.site_page import SitePage
from reporting.report.answer import read_figures
from reporting.report.paging import Order, Page
from reporting.report.query import Query
from reporting.report.report import MAX_ROWS
from reporting.report.rows import Report
from reporting.report.sealed import sealed_until
from reporting.wording.remedies import OTHERWISE, REFUSED, REJECTED, Remedy
from tracker.collection.refusal import Refusal
from tracker.models import RefusedCount

#: The page shows the refused hits and the names of ads of the last DAYS days. If these days have too many names, it
#: shows the names of the last FEW_DAYS days.
DAYS, FEW_DAYS = 30, 2
#: Silent goals are looked for in the last HABIT_DAYS days.
HABIT_DAYS = 56


class RefusedLine(NamedTuple):
    """The refused hits of one code. `latest`: the latest row with this code, which has a sample."""

    code: str
    hits: int
    sales: int
    latest: RefusedCount
    advice: str


class RejectedLine(NamedTuple):
    """The rejected hits of one code. `hits` is approximate."""

    code: str
    hits: int
    remedy: Remedy


class HealthPage(SitePage):
    """The page that shows what needs care in the tracking of a site."""

    template = "reporting/health.html"

    def values(self, site: SiteConfig) -> Iterator[dict[str, Any]]:
        """Yield the findings about a site. Raises Refusal, or one of the errors in `tracker.away.AWAY`."""
        store, now = open_to_read(), now_ms()
        yield rhythm_context(store, site, now)
        yield {"refused": read_refused(site, now), "rejected": read_rejected(store, site, now)}
        yield ads_context(store, site, day_of(now, site.timezone))


def rhythm_context(store: Store, site: SiteConfig, now: int) -> dict[str, Any]:
    """Return what the template shows of the last hits and of silent goals, by name. `now`: ms."""
    today = day_of(now, site.timezone)
    first = next_day(today, -HABIT_DAYS)
    # Days that are not complete yet must not look quiet.
    sealed = day_of(sealed_until(Query(first=first, last=today), site), site.timezone)
    whole = [day for day in days_between(first, next_day(today, -1)) if day < sealed]
    met = days_met(read_figures(store, Query(first=first, last=today, by=("goal", "day"), spend=False), site).report)
    touched = read_figures(store, Query(first=first, last=today, by=("day",), spend=False), site).report
    days = {
        **{goal_name(key): own for key, own in met.items()},
        **{name: [str(row.day) for row in touched.rows if getattr(row, name)] for name in ("clicks", "views")},
    }
    hours = read_hours(store, site, now)
    found = lasts(hours, site, days)
    active = [goal.key for goal in site.goals if goal.in_force(now)]
    heard = {one.name for one in found if one.since}
    silent = silences({key: met.get(key, []) for key in active if goal_name(key) not in heard}, whole)
    return {"lasts": found, "came": found[0].since is not None, "silent": silent, "hours": HOURS}


def days_met(report: Report) -> dict[str, list[str]]:
    """Return the days on which each goal was met. `report`: by goal and day."""
    found: dict[str, list[str]] = {}
    for row in report.rows:
        found.setdefault(str(row.goal), []).append(str(row.day))
    return found


def read_refused(site: SiteConfig, now: int) -> list[RefusedLine]:
    """Read how many hits of the site were refused in the last DAYS days: one line for each code, the largest first.
    `now`: ms."""
    today = date.fromisoformat(day_of(now, site.timezone))
    rows = RefusedCount.of_days(site.key, date.fromordinal(today.toordinal() - DAYS + 1), today)
    sums = list(rows.order_by("code").values("code").annotate(Sum("hits"), Sum("sales"), Max("day")))
    last = Q(pk__in=[])
    for one in sums:
        last |= Q(code=one["code"], day=one["day__max"])
    samples = {row.code: row for row in rows.filter(last)}
    lines = [
        RefusedLine(code, one["hits__sum"], one["sales__sum"], samples[code], REFUSED.get(code, OTHERWISE))
        for one in sums
        if (code := one["code"]) in samples
    ]
    return sorted(lines, key=lambda line: -line.hits)


def read_rejected(store: Store, site: SiteConfig, now: int) -> list[RejectedLine]:
    """Read how many hits of the site were rejected in the last DAYS days: one line for each code, the largest first.
    `now`: ms."""
    counts: Mapping[str, int] = store.read_rejected_counts(site.key, now - (DAYS - 1) * DAY_MS, now + 1)
    remedies: Mapping[str, Remedy] = dict(REJECTED.items())
    lines = [RejectedLine(code, hits, remedies[code]) for code, hits in counts.items() if code in remedies and hits > 0]
    return sorted(lines, key=lambda line: (line.remedy.harmless, -line.hits))


def ads_context(store: Store, site: SiteConfig, today: str) -> dict[str, Any]:
    """Return what the template shows of ads, clicks and costs, by name. `today`: the site's present day."""
    try:
        return {**names_context(store, site, next_day(today, 1 - DAYS), today), "most_rows": 0}
    except Refusal as error:
        if error.code != "too_many_rows":
            raise
    return {**names_context(store, site, next_day(today, 1 - FEW_DAYS), today), "most_rows": MAX_ROWS}


def names_context(store: Store, site: SiteConfig, first: str, last: str) -> dict[str, Any]:
    """Return what the template shows of ads, clicks and costs of some days, by name. Raises Refusal if they have too
    many names."""

    def largest(figure: str) -> Report:
        page = Page(Order(figure, descending=True), limit=NAMES)
        return read_figures(
            store, Query(first=first, last=last, by=("ad", "campaign"), spend=True, page=page), site
        ).report

    by_clicks, by_cost = largest("clicks"), largest("cost")
    # Only the names that are looked at need a channel. A report by channel would find it for all names.
    ads = AdValues(site, ("channel", "network"))
    return {
        "first": first,
        "last": last,
        "names": NAMES,
        "unmatched": unmatched(by_clicks, ads),
        "has_spend": bool(by_cost.totals.cost),
        "idle": spent_without_clicks(by_cost, ads),
        "free": clicked_without_spend(by_clicks, ads),
    }
