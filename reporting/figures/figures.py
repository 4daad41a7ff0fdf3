"""Figures: what a bucket's facts come to -> cells of exact rows: one for each goal and model, one for clicks, one for
what wants a rate. Pure.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from conversions.attribution.credit import MODELS, ONE
from conversions.attribution.fit import Learnt
from conversions.facts.ad_names import OTHER, AdName
from conversions.facts.records import Touch
from conversions.rules.site import SiteConfig
from conversions.store.port import Cell
from conversions.units.clock import day_of
from conversions.verdicts.cases import Case
from conversions.verdicts.naming import CountedCase, Names, bucket_names, counted_cases
from conversions.verdicts.paths import distinct
from conversions.verdicts.unrated import unrated
from reporting.figures.cells import CLICKS, NO_RATE, ClickRow, CreditRow, UnratedRow, encode_rows


def figures(
    site: SiteConfig,
    bucket: int,
    touches: Sequence[Touch],
    cases: Iterable[Case],
    learnt: Mapping[str, Learnt] | None = None,
) -> list[Cell]:
    """Every cell of a bucket, the empty ones too, for every goal and model there ever was.

    `learnt`: by goal, what the month before taught the data-driven models.
    """
    counted = counted_cases(site, bucket, cases, learnt)
    credited = [share.touch for item in counted for share in item.shares["linear"]]
    names = bucket_names(site, touches, credited)
    day = day_of(bucket, site.timezone)
    cells = [
        Cell(bucket, day, "", CLICKS, encode_rows(click_rows(touches, names))),
        Cell(bucket, day, "", NO_RATE, encode_rows(unrated_rows(counted, site))),
    ]
    by_goal: dict[str, list[CountedCase]] = defaultdict(list)
    for item in counted:
        by_goal[item.case.verdict.goal.uid].append(item)
    for goal in site.goals:
        by_model = credit_rows(by_goal[goal.uid], names, site.timezone)
        cells.extend(Cell(bucket, day, goal.uid, model, encode_rows(rows)) for model, rows in by_model.items())
    return cells


def click_rows(touches: Iterable[Touch], names: Names) -> list[ClickRow]:
    """Clicks and views by ad, each hit id, or click id of one visitor, once."""
    counts: dict[AdName, Counter[str]] = defaultdict(Counter)
    for touch in distinct(touches):
        counts[names.name(touch)][touch.kind] += 1
    return [ClickRow(name, kinds["click"], kinds["view"]) for name, kinds in sorted(counts.items())]


def unrated_rows(counted: Iterable[CountedCase], site: SiteConfig) -> list[UnratedRow]:
    """By goal, what counted conversions lack for want of a rate."""
    numbers: Counter[str] = Counter()
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for verdict in (item.case.verdict for item in counted):
        if verdict.value_reason == "no_rate":
            numbers[verdict.goal.uid] += 1
            sums[verdict.goal.uid].update(unrated(verdict, site))
    return [UnratedRow(goal, numbers[goal], tuple(sorted(sums[goal].items()))) for goal in sorted(numbers)]


def credit_rows(counted: Iterable[CountedCase], names: Names, timezone: str) -> dict[str, list[CreditRow]]:
    """By model, credit and value by ad and the touch's day; what is unattributed, on the conversion's own day.

    Under every model a touch that is alone gets all, and without any touch nobody does: such conversions, most of all,
    are added up once.
    """
    alike: Sums = defaultdict(lambda: [0, 0])
    own: dict[str, Sums] = {model: defaultdict(lambda: [0, 0]) for model in MODELS}
    for item in counted:
        verdict, places = item.case.verdict, places_of(item, names, timezone)
        if len(places) < 2:
            add(alike, places[0] if places else (None, day_of(verdict.winner.at, timezone)), ONE, verdict.value)
            continue
        for model, parts in item.shares.items():
            for place, share in zip(places, parts, strict=True):
                add(own[model], place, share.credit, share.value)
    return {model: rows_of(sums, alike) for model, sums in own.items()}


#: An ad, None for no touch, and a day.
Place = tuple[AdName | None, str]
#: Micros of conversions and of money.
Sums = dict[Place, list[int]]


def places_of(item: CountedCase, names: Names, timezone: str) -> list[Place]:
    """The ad and the day of each touch that may earn credit: the same under every model."""
    return [(names.name(share.touch), day_of(share.touch.at, timezone)) for share in item.shares["linear"]]


def add(sums: Sums, place: Place, credit: int, value: int) -> None:
    """Adds to a place's sums."""
    row = sums[place]
    row[0] += credit
    row[1] += value


def rows_of(sums: Sums, alike: Sums) -> list[CreditRow]:
    """Both together as the rows of a cell, those without anything left out."""
    for place, (credit, value) in alike.items():
        add(sums, place, credit, value)
    rows = [CreditRow(name, day, *amounts) for (name, day), amounts in sums.items() if any(amounts)]
    return sorted(rows, key=lambda row: (row.ad is not None, row.ad or OTHER, row.touch_day))
