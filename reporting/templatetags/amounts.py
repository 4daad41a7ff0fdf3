"""Amounts: template filters that write the API's decimals and instants for people."""

from datetime import date, datetime
from decimal import Decimal

from django import template

register = template.Library()


@register.filter
def amount(text: str, places: int = 0) -> str:
    """Write a decimal with thousands separators, never rounded. Trailing zeros are dropped, down to `places`
    decimals."""
    whole, _, fraction = f"{Decimal(text):,f}".partition(".")
    fraction = fraction.rstrip("0").ljust(places, "0")
    return f"{whole}.{fraction}" if fraction else whole


@register.filter
def percent(credit: str) -> str:
    """Write a share in percent, never rounded: 0.25 becomes 25 %."""
    return f"{amount(f'{Decimal(credit) * 100}')} %"


@register.filter
def instant(text: str) -> datetime:
    """Convert an ISO 8601 text to a datetime, for Django's date filters."""
    return datetime.fromisoformat(text)


@register.filter
def day(text: str) -> date:
    """Convert a day of an answer to a date, for Django's date filters."""
    return date.fromisoformat(text)
