"""The README's lines on growth, in Markdown: each figure as a multiple of the smallest size's."""

from typing import Any

TITLES = {"timelines": "a visitor's timeline, touches", "site": "a site, facts"}
#: Title, cost of what, its figure, and how it is written.
LINES = [
    ("attributing a hit: time", "hit", "ms", "{:.2f} ms"),
    ("— CPU of worker and Cassandra", "hit", "cpu", "{:,.0f} µs"),
    ("— rows read", "hit", "rows", "{:,.1f}"),
    ("rolling up a conversion: time", "conversion", "ms", "{:.2f} ms"),
    ("— CPU of worker and Cassandra", "conversion", "cpu", "{:,.0f} µs"),
    ("— rows read", "conversion", "rows", "{:,.1f}"),
]


def growth_table(found: dict[str, Any]) -> str:
    """A table for each part."""
    return "\n\n".join(table(TITLES[part], sizes) for part, sizes in found.items())


def table(what: str, sizes: dict[str, Any]) -> str:
    """One table: a column for each size, each figure and how many times the first it is."""
    heads = [f"{int(size):,}" for size in sizes]
    rows = [f"| {what} | {' | '.join(heads)} |", f"|---|{'---:|' * len(heads)}"]
    return "\n".join([*rows, *(line(title, kind, name, form, sizes) for title, kind, name, form in LINES)])


def line(title: str, kind: str, name: str, form: str, sizes: dict[str, Any]) -> str:
    """One line."""
    figures = [figure(costs[kind], name) for costs in sizes.values()]
    cells = [form.format(figures[0]), *(times(one, figures[0], form) for one in figures[1:])]
    return f"| {title} | {' | '.join(cells)} |"


def figure(cost: dict[str, float], name: str) -> float:
    """A figure; `cpu` is that of both processes."""
    return cost["worker_us"] + cost["cassandra_us"] if name == "cpu" else cost[name]


def times(value: float, first: float, form: str) -> str:
    """A figure and how many times the first it is."""
    return f"{form.format(value)} ({value / first:.1f} ×)"
