"""Chart: makes the points of the dashboard's chart from a report by hour, day, week or month. Pure.

A point adds up conversions with and without an ad, because the chart shows all sales.
"""

from datetime import date, datetime
from decimal import Decimal

import msgspec
from msgspec import UNSET

from conversions.rules.site import SiteConfig
from conversions.units.clock import HOUR_MS, bucket_of, day_start, days_between, next_day, zone
from conversions.units.days import Range
from reporting.dashboard.choice import Choice, Pairs, compared_pairs
from reporting.dashboard.figures import CLICKS, CONVERSIONS, COST, VALUE, Figure, amount_of
from reporting.dashboard.numbers import Amount, Number, number_of
from reporting.dashboard.period import Unit, unit_of
from reporting.report.keys import period_of
from reporting.report.report_answer import ReportAnswer
from reporting.report.rows import ReportRow
from tracker.collection.hit import iso

#: The figures that a chart can show. Spend is known by day, not by hour.
CHARTED = (CONVERSIONS, VALUE, CLICKS, COST)
#: A timezone's clock may change by half an hour, and a new hour then begins.
_HALF_HOUR_MS = HOUR_MS // 2


class Step(msgspec.Struct, frozen=True):
    """An hour, day, week or month of the chart. `key`: the key of its row in the report. `title` and `label`: its long
    and its short name for people. `since` and `until`: its start and end (ms)."""

    key: str
    title: str
    label: str
    since: int
    until: int


class Point(msgspec.Struct, frozen=True):
    """A point of the chart. `number`: None if the point's hour, day, week or month has not begun. `before`: the number
    of the same point in the earlier days with which the chart is compared; None if there is none. `provisional`:
    whether `number` may still change."""

    title: str
    label: str
    number: Number | None
    before_title: str
    before: Number | None
    provisional: bool


class Chart(msgspec.Struct, frozen=True):
    """The dashboard's chart of one figure, with a point for each hour, day, week or month. `compared`: whether it also
    shows the earlier days of a comparison. `provisional`: whether any point may still change."""

    figure: Figure
    unit: Unit
    points: list[Point]
    compared: bool
    provisional: bool


def chart_figure(choice: Choice) -> Figure:
    """Return the figure that the chart shows: the figure that the person chose. If the chart can't show this figure,
    such as cost by hour, return conversions."""
    by_hour = choice.first == choice.last
    return next((one for one in CHARTED if one.name == choice.show and not (by_hour and one is COST)), CONVERSIONS)


def chart_pairs(choice: Choice) -> Pairs:
    """Return the parameters, as (name, value), of the report from which the chart is made."""
    unit = unit_of(choice.first, choice.last)
    spend = [("spend", "1")] if chart_figure(choice) is COST else []
    return [*compared_pairs(choice), ("model", choice.model), ("by", unit), *spend, *choice.filters]


def chart_of(report: ReportAnswer, choice: Choice, site: SiteConfig, now: int) -> Chart:
    """Make the chart from the report that has the parameters of `chart_pairs`. `now`: the present instant (ms)."""
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
    """Divide a range of days into hours, days, weeks or months. The first and the last week or month may be
    incomplete."""
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
    """Divide a range of days into hours of the site's clock. A day on which the clock changes has 23 or 25 hours."""
    since, until = day_start(days[0], site.timezone), day_start(next_day(days[1]), site.timezone)
    starts = sorted({bucket_of(at, site.timezone) for at in range(since, until, _HALF_HOUR_MS)})
    ends = [*starts[1:], until]
    return [Step(iso(start), *_hour_names(start, site), start, end) for start, end in zip(starts, ends, strict=True)]


def amounts_of(rows: list[ReportRow], unit: Unit, figure: Figure) -> dict[str, Amount]:
    """Return the amount of a figure in each row, by the row's key, such as {"2026-11-28": "12.500000"}. Conversions
    that no ad gets credit for are included."""
    return {getattr(row, unit): with_unattributed(row, figure) for row in rows}


def with_unattributed(row: ReportRow, figure: Figure) -> Amount:
    """Return the amount of a figure in a row. Conversions that no ad gets credit for are included."""
    own = amount_of(row, figure)
    if figure not in (CONVERSIONS, VALUE) or own is None or row.unattributed is UNSET:
        return own
    return f"{Decimal(own) + Decimal(getattr(row.unattributed, figure.name)):f}"


def _number(amounts: dict[str, Amount], step: Step, figure: Figure) -> Number | None:
    """Return the amount of a step. If the report has no row for the step, the amount is 0; of the figure cost it is
    None, which means unknown."""
    nothing: Amount = None if figure is COST else 0 if figure is CLICKS else "0.000000"
    return number_of(amounts.get(step.key, nothing), figure.form)


def _names(key: str, unit: Unit) -> tuple[str, str]:
    """Return the title and the label of a day, a week or a month, such as ("November 2026", "Nov 2026")."""
    if unit == "week":
        return f"Week {key[6:]} of {key[:4]}", key[5:]
    day = date.fromisoformat(key if unit == "day" else f"{key}-01")
    if unit == "day":
        return f"{day:%a} {day.day} {day:%b %Y}", f"{day.day} {day:%b}"
    return f"{day:%B %Y}", f"{day:%b %Y}"


def _hour_names(start: int, site: SiteConfig) -> tuple[str, str]:
    """Return the title and the label of an hour by the site's clock. Both are the same text, such as 09:00."""
    text = f"{datetime.fromtimestamp(start / 1000, zone(site.timezone)):%H:%M}"
    return text, text
