"""Value: what the amount of one hit is worth to a goal, in the site's currency. Pure."""

from conversions.facts.records import Adjustment, Conversion
from conversions.rules.goals import GoalVersion
from conversions.rules.rates import convert
from conversions.rules.site import SiteConfig
from conversions.units.micros import times

ClaimRow = Conversion | Adjustment


def money(row: ClaimRow, site: SiteConfig) -> tuple[int, str | None]:
    """What a hit's amount is in the site's currency, by the rate of its own day; without one it is set aside."""
    if not row.value or not is_foreign(row, site):
        return row.value or 0, None
    rate = site.rate(row.currency, row.at)
    return (convert(row.value, rate.worth), None) if rate else (0, "no_rate")


def is_foreign(row: ClaimRow, site: SiteConfig) -> bool:
    """Whether an amount is in another currency than the site's; one that names none is in the site's."""
    return row.currency not in ("", site.currency)


def worth(row: Conversion | Adjustment, version: GoalVersion, site: SiteConfig) -> tuple[int, str | None]:
    """What the amount of a hit is worth to the goal: times the goal's factor, if it has one."""
    amount, reason = money(row, site)
    return times(amount, version.factor), reason


def base_value(conversion: Conversion, version: GoalVersion, site: SiteConfig) -> tuple[int, str | None]:
    """A conversion's value before adjustments."""
    if version.fixed_value is not None:
        return version.fixed_value, None
    return worth(conversion, version, site)
