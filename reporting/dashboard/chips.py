"""Chips: shows the filters that are in force, each with the address without it. Pure."""

from collections.abc import Callable

import msgspec

from reporting.dashboard.choice import Filters


class Chip(msgspec.Struct, frozen=True):
    """A filter that is in force. `without`: whether it excludes its value. `href`: the page's address without the
    filter."""

    name: str
    value: str
    without: bool
    href: str


def chips_of(filters: Filters, address: Callable[[Filters], str]) -> list[Chip]:
    """Make a chip for each filter. `address`: returns the page's address with other filters."""
    return [
        Chip(name.removesuffix("!"), value, name.endswith("!"), address(filters[:place] + filters[place + 1 :]))
        for place, (name, value) in enumerate(filters)
    ]
