"""Tracking health: the page that shows what came last from a site, what was refused, and which ads, clicks, costs and
goals need care. Each finding says what to do."""

from collections.abc import Iterator
from typing import Any

from conversions.filters.ad_values import AdValues
from conversions.rules.site import SiteConfig
from conversions.store.port import Store
from conversions.store.reading import open_to_read
from conversions.units.clock import day_of, days_between, next_day
from conversions.units.now import now_ms
from reporting.health.ads import NAMES, clicked_without_spend, spent_without_clicks, unmatched
from reporting.health.last import HOURS, goal_name, lasts, read_hours
from reporting.health.silence import silences
from reporting.pages.lost_hits import DAYS, read_refused, read_rejected
from reporting.pages.site_page import SitePage
from reporting.report.answer import read_figures
from reporting.report.paging import Order, Page
from reporting.report.query import Query
from reporting.report.report import MAX_ROWS
from reporting.report.rows import Report
from reporting.report.sealed import sealed_until
from tracker.collection.hit import iso
from tracker.collection.refusal import Refusal

#: The page shows the names of ads of the last DAYS days. If these days have too many names, it shows the names of the
#: last FEW_DAYS days.
FEW_DAYS = 2
#: Silent goals are looked for in the last HABIT_DAYS days.
HABIT_DAYS = 56


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
    sealed = sealed_until(Query(first=first, last=today), site)
    # Days that are not complete yet must not look quiet.
    whole = [day for day in days_between(first, next_day(today, -1)) if day < day_of(sealed, site.timezone)]
    days = days_with(store, site, first, today)
    found = lasts(read_hours(store, site, now), site, days)
    heard = {one.name for one in found if one.since}
    awaited = [goal.key for goal in site.goals if goal.in_force(now) and goal_name(goal.key) not in heard]
    return {
        "lasts": found,
        "came": found[0].since is not None,
        "hours": HOURS,
        "silent": silences({key: days.get(goal_name(key), ()) for key in awaited}, whole),
        "sealed": iso(sealed) if sealed else "",
    }


def days_with(store: Store, site: SiteConfig, first: str, last: str) -> dict[str, list[str]]:
    """Return for clicks, for views and for each goal the days on which the figures have any: `clicks`, `views` or the
    goal's `goal_name` -> days."""
    found: dict[str, list[str]] = {}
    for row in read_figures(store, Query(first=first, last=last, by=("goal", "day"), spend=False), site).report.rows:
        found.setdefault(goal_name(str(row.goal)), []).append(str(row.day))
    rows = read_figures(store, Query(first=first, last=last, by=("day",), spend=False), site).report.rows
    return found | {name: [str(row.day) for row in rows if getattr(row, name)] for name in ("clicks", "views")}


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
