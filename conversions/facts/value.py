"""Value: the amount of one hit -> its worth to a goal, in the site's currency. Pure."""

from conversions.facts.records import Adjustment, Conversion, Joined
from conversions.rules.goals import GoalVersion
from conversions.rules.rates import convert
from conversions.rules.reasons import ValueReason
from conversions.rules.site import SiteConfig
from conversions.units.micros import times

#: A fact that may have an amount.
AmountRow = Conversion | Adjustment
#: A fact that is stored under a claim.
ClaimRow = AmountRow | Joined


def money(row: AmountRow, site: SiteConfig) -> tuple[int, ValueReason | None]:
    """Convert a hit's amount into the site's currency, at the rate of the hit's own day. If that is impossible, return
    0 and the reason."""
    if isinstance(row, Conversion) and row.unreadable:
        return 0, "bad_value"
    if not row.value or not is_foreign(row, site):
        return row.value or 0, None
    rate = site.rate(row.currency, row.at)
    return (convert(row.value, rate.worth), None) if rate else (0, "no_rate")


def is_foreign(row: AmountRow, site: SiteConfig) -> bool:
    """Whether an amount is in another currency than the site's. An amount without a currency is in the site's."""
    return row.currency not in ("", site.currency)


def worth(row: AmountRow, version: GoalVersion, site: SiteConfig) -> tuple[int, ValueReason | None]:
    """Convert a hit's amount into the site's currency and multiply it by the goal's factor, if there is one. If the
    amount can't be converted, return 0 and the reason."""
    amount, reason = money(row, site)
    return times(amount, version.factor), reason


def base_value(conversion: Conversion, version: GoalVersion, site: SiteConfig) -> tuple[int, ValueReason | None]:
    """A conversion's value before adjustments; and the reason if its amount can't be converted."""
    if version.fixed_value is not None:
        return version.fixed_value, None
    return worth(conversion, version, site)


def needs_token(conversion: Conversion, version: GoalVersion) -> bool:
    """Whether a conversion has an amount that came without an ingest token, although the version requires one. An
    amount that could not be read is an amount, too."""
    return not (version.open_values or conversion.trusted) and (conversion.value is not None or conversion.unreadable)
