"""Amounts: template filters that write the amounts and instants of API answers for people."""

from datetime import date, datetime
from decimal import Decimal

from django import template

register = template.Library()


@register.filter
def amount(text: str, places: int = 0) -> str:
    """Write an amount with thousands separators, without rounding: "1234.500000" becomes 1,234.5. At least `places`
    decimals stay."""
    whole, _, fraction = f"{Decimal(text):,f}".partition(".")
    fraction = fraction.rstrip("0").ljust(places, "0")
    return f"{whole}.{fraction}" if fraction else whole


@register.filter
def percent(credit: str) -> str:
    """Write a share in percent, without rounding: "0.25" becomes 25 %."""
    return f"{amount(f'{Decimal(credit) * 100}')} %"


@register.filter
def instant(text: str) -> datetime:
    """Convert an ISO 8601 text, such as 2026-11-28T09:30:00Z, to a datetime for Django's date filters."""
    return datetime.fromisoformat(text)


@register.filter
def day(text: str) -> date:
    """Convert a day of an API answer, such as 2026-11-28, to a date for Django's date filters."""
    return date.fromisoformat(text)
