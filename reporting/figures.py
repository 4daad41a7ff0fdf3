"""Figures: what a bucket's facts come to -> one cell of exact rows for each goal and model, one for clicks. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from conversions.clock import day_of
from conversions.credit import MODELS, ONE
from conversions.facts import Touch
from conversions.naming import CountedCase, Names, bucket_names, counted_cases
from conversions.paths import distinct
from conversions.site import SiteConfig
from conversions.store.evidence import Case
from conversions.store.port import Cell
from conversions.touch import OTHER, AdName
from reporting.cells import CLICKS, ClickRow, CreditRow, encode_rows


def figures(site: SiteConfig, bucket: int, touches: Sequence[Touch], cases: Iterable[Case]) -> list[Cell]:
    """Every cell of a bucket, the empty ones too, for every goal and model there ever was."""
    counted = counted_cases(site, bucket, cases)
    names = bucket_names(site, touches, counted)
    day = day_of(bucket, site.timezone)
    cells = [Cell(bucket, day, "", CLICKS, encode_rows(click_rows(touches, names)))]
    by_goal: dict[str, list[CountedCase]] = defaultdict(list)
    for item in counted:
        by_goal[item.case.verdict.goal.uid].append(item)
    for goal in site.goals:
        for model in MODELS:
            rows = credit_rows(by_goal[goal.uid], model, names, site.timezone)
            cells.append(Cell(bucket, day, goal.uid, model, encode_rows(rows)))
    return cells


def click_rows(touches: Iterable[Touch], names: Names) -> list[ClickRow]:
    """Clicks and views by ad, each hit id, or click id of one visitor, once."""
    counts: dict[AdName, Counter[str]] = defaultdict(Counter)
    for touch in distinct(touches):
        counts[names.name(touch)][touch.kind] += 1
    return [ClickRow(name, kinds["click"], kinds["view"]) for name, kinds in sorted(counts.items())]


def credit_rows(counted: Iterable[CountedCase], model: str, names: Names, timezone: str) -> list[CreditRow]:
    """Credit and value by ad and the touch's day; what no touch may have is unattributed, on the conversion's day."""
    sums: dict[tuple[AdName | None, str], list[int]] = defaultdict(lambda: [0, 0])
    for item in counted:
        verdict = item.case.verdict
        parts: list[tuple[AdName | None, str, int, int]] = [
            (names.name(share.touch), day_of(share.touch.at, timezone), share.credit, share.value)
            for share in item.shares[model]
            if share.credit or share.value
        ] or [(None, day_of(verdict.winner.at, timezone), ONE, verdict.value)]
        for name, day, credit, value in parts:
            row = sums[name, day]
            row[0] += credit
            row[1] += value
    rows = [CreditRow(name, day, *amounts) for (name, day), amounts in sums.items() if any(amounts)]
    return sorted(rows, key=lambda row: (row.ad is not None, row.ad or OTHER, row.touch_day))
