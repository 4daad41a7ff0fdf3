"""Figures: what a bucket's facts come to -> one cell of exact rows for each goal and model, one for clicks. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from conversions.clock import bucket_of, day_of
from conversions.credit import MODELS, ONE
from conversions.facts import Touch
from conversions.paths import Share, distinct, path_of, shares
from conversions.site import SiteConfig
from conversions.store.evidence import Case
from conversions.store.port import Cell
from conversions.touch import OTHER, AdName, name_touch
from reporting.cells import CLICKS, ClickRow, CreditRow, encode_rows

#: A bucket names all configured ads and this many others, the largest; the rest is `(other)`.
MAX_OTHERS = 1_000


class CountedCase(msgspec.Struct, frozen=True):
    """A counted conversion of the bucket with what its touches get under each model."""

    case: Case
    shares: Mapping[str, Sequence[Share]]


class Names:
    """The names of a bucket's ads: configured ones, the largest others, and `(other)`."""

    def __init__(self, site: SiteConfig, touches: Iterable[Touch]) -> None:
        self._site = site
        sizes = Counter(name for touch in touches if not (name := name_touch(touch, site.ads)).configured)
        largest = sorted(sizes, key=lambda name: (-sizes[name], name))
        self._others = frozenset(largest[:MAX_OTHERS])

    def name(self, touch: Touch) -> AdName:
        """What the bucket's rows call a touch's ad."""
        name = name_touch(touch, self._site.ads)
        return name if name.configured or name in self._others else OTHER


def counted_cases(site: SiteConfig, bucket: int, cases: Iterable[Case]) -> list[CountedCase]:
    """The cases that count in a bucket, with the shares of their touches under every model."""
    counted = []
    for case in cases:
        if case.reason is None and bucket_of(case.verdict.winner.at, site.timezone) == bucket:
            path = path_of(case.verdict, case.touches)
            counted.append(CountedCase(case, {model: shares(case.verdict, path, model) for model in MODELS}))
    return counted


def bucket_names(site: SiteConfig, touches: Iterable[Touch], counted: Iterable[CountedCase]) -> Names:
    """The names of a bucket, from its own distinct touches and from those that its conversions credit."""
    credited = [share.touch for item in counted for share in item.shares["linear"]]
    return Names(site, [*distinct(touches), *credited])


def figures(site: SiteConfig, bucket: int, touches: Sequence[Touch], cases: Iterable[Case]) -> list[Cell]:
    """Every cell of a bucket, the empty ones too, for every goal and model there ever was."""
    counted = counted_cases(site, bucket, cases)
    names = bucket_names(site, touches, counted)
    day = day_of(bucket, site.timezone)
    cells = [Cell(bucket, day, "", CLICKS, encode_rows(click_rows(touches, names)))]
    for goal in site.goals:
        mine = [item for item in counted if item.case.verdict.goal.uid == goal.uid]
        for model in MODELS:
            rows = credit_rows(mine, model, names, site.timezone)
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
        ] or [(None, day_of(verdict.winner.at, timezone), ONE, verdict.value)]
        for name, day, credit, value in parts:
            row = sums[name, day]
            row[0] += credit
            row[1] += value
    rows = [CreditRow(name, day, *amounts) for (name, day), amounts in sums.items() if any(amounts)]
    return sorted(rows, key=lambda row: (row.ad is not None, row.ad or OTHER, row.touch_day))
