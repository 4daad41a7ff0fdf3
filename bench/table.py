"""The README's benchmark table in Markdown: each figure, the baseline's in the same run, and their ratio."""

from collections.abc import Sequence
from statistics import median
from typing import Any

from bench.measure import ARRAY, Figures

Turns = Sequence[Figures]
#: (title, path of the figure, whether more is better).
LINES = [
    ("accepted hits/s, worker stopped", "alone.rate", True),
    ("— p50, ms", "alone.p50_ms", False),
    ("— p99, ms", "alone.p99_ms", False),
    ("accepted hits/s, worker running", "busy.rate", True),
    ("— p50, ms", "busy.p50_ms", False),
    ("— p99, ms", "busy.p99_ms", False),
    ("processed hits/s, from a full queue until the last is counted", "drain.rate", True),
    ("end to end hits/s, load and processing at once", "busy.end_to_end.rate", True),
    ("web CPU per hit, µs", "alone.web_us", False),
    ("worker CPU per hit, µs", "drain.worker_us", False),
    ("web peak memory, MiB", "web_peak_mib", False),
    ("worker peak memory, MiB a process", "worker_peak_mib", False),
]
ARRAY_LINES = [
    (f"accepted hits/s in arrays of {ARRAY}, worker running", "arrays.rate", "busy.rate", True),
    (f"end to end hits/s in arrays of {ARRAY}", "arrays.end_to_end.rate", "busy.end_to_end.rate", True),
    (f"web CPU per hit in arrays of {ARRAY}, µs", "arrays.web_us", "alone.web_us", False),
]
EMBEDDED_LINES = [
    ("embedded: accepted and processed hits/s", "alone.rate", "busy.end_to_end.rate", True),
    ("— p50, ms", "alone.p50_ms", "busy.p50_ms", False),
    ("— p99, ms", "alone.p99_ms", "busy.p99_ms", False),
    ("embedded: web CPU per hit, µs", "alone.web_us", "alone.web_us", False),
    (f"embedded: accepted and processed hits/s in arrays of {ARRAY}", "arrays.rate", "busy.end_to_end.rate", True),
    ("embedded: web peak memory, MiB", "web_peak_mib", "web_peak_mib", False),
]


def figure(turns: Turns, place: str) -> float:
    """Return the median of a figure over all turns. `place` is its path, such as drain.rate."""
    return median(float(look_up(turn, place.split("."))) for turn in turns)


def look_up(turn: Any, names: Sequence[str]) -> Any:
    """Return the value at a path of names in nested dicts."""
    return look_up(turn[names[0]], names[1:]) if names else turn


def line(title: str, ours: float, its: float, more: bool) -> str:
    """Return a row. A ratio above 1 always means that the tracker is better."""
    ratio = ours / its if more else its / ours
    return f"| {title} | {ours:,.0f} | {its:,.0f} | {ratio:.1f} × |"


def table(services: Turns, embedded: Turns, baseline: Turns) -> str:
    """Return the whole table."""
    rows = ["| | Hitledger | plain chain | better by |", "|---|---:|---:|---:|"]
    rows += [line(title, figure(services, at), figure(baseline, at), more) for title, at, more in LINES]
    rows += [line(title, figure(services, at), figure(baseline, its), more) for title, at, its, more in ARRAY_LINES]
    rows += [line(title, figure(embedded, at), figure(baseline, its), more) for title, at, its, more in EMBEDDED_LINES]
    return "\n".join(rows)


def goals_missed(services: Turns, baseline: Turns) -> list[str]:
    """List the aims that this run missed: 3 times the baseline's accepted rate, 15 times its processed rate."""
    aims = [
        ("accepted", "alone.rate", 3),
        ("accepted while processing", "busy.rate", 3),
        ("processed", "drain.rate", 15),
    ]
    found = [(what, figure(services, at) / figure(baseline, at), aim) for what, at, aim in aims]
    return [f"{what}: {ratio:.1f} times, aimed at {aim}" for what, ratio, aim in found if ratio < aim]
