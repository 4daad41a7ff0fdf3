"""Value: computes the amount of a conversion or an adjustment in the site's currency. Pure."""

from conversions.facts.records import Adjustment, Conversion, Joined
from conversions.rules.goals import GoalVersion
from conversions.rules.rates import convert
from conversions.rules.reasons import ValueReason
from conversions.rules.site import SiteConfig
from conversions.units.micros import multiply

#: A fact that may have an amount.
AmountRow = Conversion | Adjustment
#: A fact that is stored under a claim, the dedupe key.
ClaimRow = AmountRow | Joined


def convert_amount(row: AmountRow, site: SiteConfig) -> tuple[int, ValueReason | None]:
    """Convert an amount into micros of the site's currency, at the rate of the hit's day. Returns (amount, None). If
    the amount can't be converted, returns (0, the reason)."""
    if isinstance(row, Conversion) and row.unreadable:
        return 0, "bad_value"
    if not row.value or not is_foreign(row, site):
        return row.value or 0, None
    rate = site.rate(row.currency, row.at)
    return (convert(row.value, rate.worth), None) if rate else (0, "no_rate")


def is_foreign(row: AmountRow, site: SiteConfig) -> bool:
    """Whether an amount is in a foreign currency. An amount without a currency is in the site's currency."""
    return row.currency not in ("", site.currency)


def convert_for_goal(row: AmountRow, version: GoalVersion, site: SiteConfig) -> tuple[int, ValueReason | None]:
    """Convert an amount into micros of the site's currency, and multiply it by the goal's factor. Returns (amount,
    None). If the amount can't be converted, returns (0, the reason)."""
    amount, reason = convert_amount(row, site)
    return multiply(amount, version.factor), reason


def base_value(conversion: Conversion, version: GoalVersion, site: SiteConfig) -> tuple[int, ValueReason | None]:
    """Return a conversion's value before adjustments, as (micros, None). If the value can't be computed, returns (0,
    the reason)."""
    if version.fixed_value is not None:
        return version.fixed_value, None
    return convert_for_goal(conversion, version, site)


def needs_token(conversion: Conversion, version: GoalVersion) -> bool:
    """Whether a conversion must not count because its amount needs an ingest token. This is the case if the goal's
    version requires a token for amounts, the conversion has an amount, and no server sent it with a token.

    An amount that can't be read also needs a token.
    """
    return not (version.open_values or conversion.trusted) and (conversion.value is not None or conversion.unreadable)
