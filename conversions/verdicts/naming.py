"""Naming: what a bucket's rows call the ads of touches; the report and explain name them alike. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from conversions.attribution.credit import MODELS
from conversions.attribution.fit import Learnt
from conversions.facts.ad_names import OTHER, AdName, AdNames
from conversions.facts.records import Touch
from conversions.rules.site import SiteConfig
from conversions.units.clock import bucket_of
from conversions.verdicts.cases import Case
from conversions.verdicts.paths import Share, distinct, path_of, shares

#: A bucket names all configured ads and this many others, the largest; the rest is `(other)`.
MAX_OTHERS = 1_000


class CountedCase(msgspec.Struct, frozen=True):
    """A counted conversion of the bucket with what its touches get under each model."""

    case: Case
    shares: Mapping[str, Sequence[Share]]


class Names:
    """The names of a bucket's ads: configured ones, the largest others, and `(other)`."""

    def __init__(self, site: SiteConfig, touches: Iterable[Touch] = ()) -> None:
        self._ads = AdNames(site.ads)
        sizes = Counter(name for touch in touches if not (name := self._ads.name(touch)).configured)
        by_size = sorted(sizes, key=lambda name: (-sizes[name], name))
        self._rest = frozenset(by_size[MAX_OTHERS:])

    def name(self, touch: Touch) -> AdName:
        """What the bucket's rows call a touch's ad; of a touch that is in none of them, what it would be called."""
        name = self._ads.name(touch)
        return OTHER if name in self._rest else name


def counted_cases(
    site: SiteConfig, bucket: int, cases: Iterable[Case], learnt: Mapping[str, Learnt] | None = None
) -> list[CountedCase]:
    """The cases that count in a bucket, with the shares of their touches under every model.

    `learnt`: by goal, what the month before taught; who needs none of the data-driven models' shares gives nothing.
    """
    counted = []
    for case in counted_in(site, bucket, cases):
        verdict = case.verdict
        path = path_of(verdict, case.touches)
        fit = (learnt or {}).get(verdict.goal.uid)
        counted.append(CountedCase(case, shares(verdict, path, MODELS, site.terms, fit)))
    return counted


def counted_in(site: SiteConfig, bucket: int, cases: Iterable[Case]) -> Iterator[Case]:
    """The cases that count in a bucket."""
    for case in cases:
        if case.reason is None and bucket_of(case.verdict.winner.at, site.timezone) == bucket:
            yield case


def credited_in(site: SiteConfig, bucket: int, cases: Iterable[Case]) -> Iterator[Touch]:
    """The touches that the conversions of a bucket credit, without what each of them gets."""
    for case in counted_in(site, bucket, cases):
        yield from (point.touch for point in path_of(case.verdict, case.touches) if point.reason is None)


def bucket_names(site: SiteConfig, touches: Iterable[Touch], credited: Iterable[Touch]) -> Names:
    """The names of a bucket, from its own distinct touches and from those that its conversions credit."""
    return Names(site, [*distinct(touches), *credited])
