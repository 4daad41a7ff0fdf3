"""Amounts: the API's decimals and instants as people read them."""

from datetime import datetime
from decimal import Decimal

from django import template

register = template.Library()


@register.filter
def amount(text: str, places: int = 0) -> str:
    """A decimal with separators, without the zeros at its end beyond so many places; nothing of it is rounded off."""
    whole, _, fraction = f"{Decimal(text):,f}".partition(".")
    fraction = fraction.rstrip("0").ljust(places, "0")
    return f"{whole}.{fraction}" if fraction else whole


@register.filter
def percent(credit: str) -> str:
    """A share of one conversion in percent; nothing of it is rounded off."""
    return f"{amount(f'{Decimal(credit) * 100}')} %"


@register.filter
def instant(text: str) -> datetime:
    """The moment of an ISO 8601 instant, for the filters that show moments."""
    return datetime.fromisoformat(text)
