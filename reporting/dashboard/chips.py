"""Chips: makes a chip for each filter of the dashboard: its text, and a link to the page without this filter. Pure."""

from collections.abc import Callable

import msgspec

from reporting.dashboard.choice import Filters


class Chip(msgspec.Struct, frozen=True):
    """A filter of the dashboard. `without`: whether the filter excludes its value (`ad!=x`). `href`: the page's address
    without this filter."""

    name: str
    value: str
    without: bool
    href: str


def chips_of(filters: Filters, address: Callable[[Filters], str]) -> list[Chip]:
    """Make a chip for each filter. `address` is a function that returns the page's address with the filters that it is
    given."""
    return [
        Chip(name.removesuffix("!"), value, name.endswith("!"), address(filters[:place] + filters[place + 1 :]))
        for place, (name, value) in enumerate(filters)
    ]
