"""Chart: the report of each hour, day, week or month -> the points of the dashboard's chart. Pure.

A point has what ads brought and what no ad brought, because the chart shows all sales.
"""

from datetime import date, datetime
from decimal import Decimal

import msgspec
from msgspec import UNSET

from conversions.rules.site import SiteConfig
from conversions.units.clock import HOUR_MS, bucket_of, day_start, days_between, next_day, zone
from reporting.dashboard.choice import Choice, Pairs, compared_pairs
from reporting.dashboard.figures import CLICKS, CONVERSIONS, COST, VALUE, Figure, amount_of
from reporting.dashboard.numbers import Amount, Number, number_of
from reporting.dashboard.period import Unit, unit_of
from reporting.report.keys import period_of
from reporting.report.ranges import Range
from reporting.report.report_answer import ReportAnswer
from reporting.report.rows import ReportRow
from tracker.collection.hit import iso

#: The figures of charts (SHOWN). Networks say what was spent by day, not by hour.
CHARTED = (CONVERSIONS, VALUE, CLICKS, COST)
#: A clock may change by half an hour, which begins a bucket.
_HALF_HOUR_MS = HOUR_MS // 2


class Step(msgspec.Struct, frozen=True):
    """An hour, a day, a week or a month of a range: the key of its row, its title and its short label for people; its
    first and last instant (ms)."""

    key: str
    title: str
    label: str
    since: int
    until: int


class Point(msgspec.Struct, frozen=True):
    """A point of the chart. `number`: None for what has not begun. `before`: the same point of the compared days, if
    there is one. `provisional`: whether it may still change."""

    title: str
    label: str
    number: Number | None
    before_title: str
    before: Number | None
    provisional: bool


class Chart(msgspec.Struct, frozen=True):
    """The chart of a figure."""

    figure: Figure
    unit: Unit
    points: list[Point]
    compared: bool
    provisional: bool


def chart_figure(choice: Choice) -> Figure:
    """The figure that the chart shows: the chosen one if there can be a chart of it, or else conversions."""
    by_hour = choice.first == choice.last
    return next((one for one in CHARTED if one.name == choice.show and not (by_hour and one is COST)), CONVERSIONS)


def chart_pairs(choice: Choice) -> Pairs:
    """The parameters of the report that the chart shows."""
    unit = unit_of(choice.first, choice.last)
    spend = [("spend", "1")] if chart_figure(choice) is COST else []
    return [*compared_pairs(choice), ("model", choice.model), ("by", unit), *spend, *choice.filters]


def chart_of(report: ReportAnswer, choice: Choice, site: SiteConfig, now: int) -> Chart:
    """Make the chart of a report by the unit of the chosen days. `now`: the present instant (ms)."""
    figure, unit = chart_figure(choice), unit_of(choice.first, choice.last)
    previous = None if report.previous is UNSET else report.previous
    steps = steps_of((choice.first, choice.last), unit, site)
    earlier = steps_of((previous.first, previous.last), unit, site) if previous else []
    amounts = amounts_of(report.rows, unit, figure)
    before = amounts_of(previous.rows, unit, figure) if previous else {}
    points = [
        Point(
            title=step.title,
            label=step.label,
            number=_number(amounts, step, figure) if step.since <= now else None,
            before_title=was.title if was else "",
            before=_number(before, was, figure) if was else None,
            provisional=iso(step.until) > report.sealed_until,
        )
        for step, was in zip(steps, [*earlier, *[None] * len(steps)], strict=False)
    ]
    return Chart(figure, unit, points, bool(previous), any(one.provisional for one in points))


def steps_of(days: Range, unit: Unit, site: SiteConfig) -> list[Step]:
    """Every hour, day, week or month of a range. At its ends, weeks and months may be parts of one."""
    if unit == "hour":
        return hours_of(days, site)
    found: dict[str, list[str]] = {}
    for day in days_between(*days):
        found.setdefault(day if unit == "day" else period_of(day, unit), []).append(day)
    return [
        Step(key, *_names(key, unit), day_start(own[0], site.timezone), day_start(next_day(own[-1]), site.timezone))
        for key, own in found.items()
    ]


def hours_of(days: Range, site: SiteConfig) -> list[Step]:
    """Every hour of the site's clock on these days. Where the clock changes, a day has 23 or 25 hours."""
    since, until = day_start(days[0], site.timezone), day_start(next_day(days[1]), site.timezone)
    starts = sorted({bucket_of(at, site.timezone) for at in range(since, until, _HALF_HOUR_MS)})
    ends = [*starts[1:], until]
    return [Step(iso(start), *_hour_names(start, site), start, end) for start, end in zip(starts, ends, strict=True)]


def amounts_of(rows: list[ReportRow], unit: Unit, figure: Figure) -> dict[str, Amount]:
    """Key of a row -> the figure, with what no ad brought."""
    return {getattr(row, unit): with_unattributed(row, figure) for row in rows}


def with_unattributed(row: ReportRow, figure: Figure) -> Amount:
    """A figure of a row together with what no ad brought."""
    own = amount_of(row, figure)
    if figure not in (CONVERSIONS, VALUE) or own is None or row.unattributed is UNSET:
        return own
    return f"{Decimal(own) + Decimal(getattr(row.unattributed, figure.name)):f}"


def _number(amounts: dict[str, Amount], step: Step, figure: Figure) -> Number | None:
    """The amount of a step. A step without a row has nothing; of a step without spend the cost isn't known."""
    nothing: Amount = None if figure is COST else 0 if figure is CLICKS else "0.000000"
    return number_of(amounts.get(step.key, nothing), figure.form)


def _names(key: str, unit: Unit) -> tuple[str, str]:
    """The title and the label of a day, a week or a month."""
    if unit == "week":
        return f"Week {key[6:]} of {key[:4]}", key[5:]
    day = date.fromisoformat(key if unit == "day" else f"{key}-01")
    if unit == "day":
        return f"{day:%a} {day.day} {day:%b %Y}", f"{day.day} {day:%b}"
    return f"{day:%B %Y}", f"{day:%b %Y}"


def _hour_names(start: int, site: SiteConfig) -> tuple[str, str]:
    """The title and the label of an hour of the site's clock."""
    text = f"{datetime.fromtimestamp(start / 1000, zone(site.timezone)):%H:%M}"
    return text, text
