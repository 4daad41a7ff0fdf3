"""The README's tables of growth, in Markdown. Each figure is also shown as a multiple of the one at the smallest
size."""

from typing import Any

TITLES = {"timelines": "a visitor's timeline, touches", "site": "a site, facts"}
#: (title, whether the cost is of a hit or a conversion, name of the figure, format).
LINES = [
    ("attributing a hit: time", "hit", "ms", "{:.2f} ms"),
    ("— CPU of worker and Cassandra", "hit", "cpu", "{:,.0f} µs"),
    ("— rows read", "hit", "rows", "{:,.1f}"),
    ("rolling up a conversion: time", "conversion", "ms", "{:.2f} ms"),
    ("— CPU of worker and Cassandra", "conversion", "cpu", "{:,.0f} µs"),
    ("— rows read", "conversion", "rows", "{:,.1f}"),
]


def growth_table(found: dict[str, Any]) -> str:
    """Return a table for each part of the benchmark."""
    return "\n\n".join(table(TITLES[part], sizes) for part, sizes in found.items())


def table(what: str, sizes: dict[str, Any]) -> str:
    """Return a table with a column for each size. Each figure is followed by its ratio to the first column."""
    heads = [f"{int(size):,}" for size in sizes]
    rows = [f"| {what} | {' | '.join(heads)} |", f"|---|{'---:|' * len(heads)}"]
    return "\n".join([*rows, *(line(title, kind, name, form, sizes) for title, kind, name, form in LINES)])


def line(title: str, kind: str, name: str, form: str, sizes: dict[str, Any]) -> str:
    """Return a row of the table."""
    figures = [figure(costs[kind], name) for costs in sizes.values()]
    cells = [form.format(figures[0]), *(times(one, figures[0], form) for one in figures[1:])]
    return f"| {title} | {' | '.join(cells)} |"


def figure(cost: dict[str, float], name: str) -> float:
    """Return a figure of a cost. `cpu` is the CPU time of the worker and Cassandra together."""
    return cost["worker_us"] + cost["cassandra_us"] if name == "cpu" else cost[name]


def times(value: float, first: float, form: str) -> str:
    """Write a figure and its ratio to the first one."""
    return f"{form.format(value)} ({value / first:.1f} ×)"
