"""Chips: the filters that are in force -> what people see of each, and the address without it. Pure."""

from collections.abc import Callable

import msgspec

from reporting.dashboard.choice import Filters


class Chip(msgspec.Struct, frozen=True):
    """A filter that is in force. `without`: whether it leaves its value out. `href`: the address without the filter."""

    name: str
    value: str
    without: bool
    href: str


def chips_of(filters: Filters, address: Callable[[Filters], str]) -> list[Chip]:
    """Make the chips. `address`: the address of the page with other filters."""
    return [
        Chip(name.removesuffix("!"), value, name.endswith("!"), address(filters[:place] + filters[place + 1 :]))
        for place, (name, value) in enumerate(filters)
    ]
