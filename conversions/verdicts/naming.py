"""Naming: the touches of a bucket -> the names of their ads, the same in reports and explanations. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from conversions.facts.ad_names import OTHER, AdName, AdNames
from conversions.facts.records import Touch
from conversions.rules.site import SiteConfig
from conversions.units.clock import bucket_of
from conversions.verdicts.cases import Case
from conversions.verdicts.paths import distinct, path_of

#: A bucket names at most this many unconfigured ads, the largest. The rest is `(other)`. Configured ads are always
#: named.
MAX_OTHERS = 1_000


def beyond(sizes: Mapping[AdName, int]) -> frozenset[AdName]:
    """The names that become `(other)`. `sizes`: the name of an unconfigured ad -> its number of touches."""
    if len(sizes) <= MAX_OTHERS:
        return frozenset()
    return frozenset(sorted(sizes, key=lambda name: (-sizes[name], name))[MAX_OTHERS:])


class Names:
    """The names of a bucket's ads: configured ones, the largest others, and `(other)`."""

    def __init__(self, site: SiteConfig, touches: Iterable[Touch] = ()) -> None:
        self._ads = AdNames(site.ads)
        self._rest = beyond(Counter(name for touch in touches if not (name := self._ads.name(touch)).configured))

    def name(self, touch: Touch) -> AdName:
        """The name of a touch's ad in the bucket's rows, or the name that it would have there."""
        name = self._ads.name(touch)
        return OTHER if name in self._rest else name


def counted_in(site: SiteConfig, bucket: int, cases: Iterable[Case]) -> Iterator[Case]:
    """The cases that count in a bucket."""
    for case in cases:
        if case.reason is None and bucket_of(case.verdict.winner.at, site.timezone) == bucket:
            yield case


def credited_in(site: SiteConfig, bucket: int, cases: Iterable[Case]) -> Iterator[Touch]:
    """The touches that get credit for the bucket's conversions, without their shares."""
    for case in counted_in(site, bucket, cases):
        yield from (point.touch for point in path_of(case.verdict, case.touches) if point.reason is None)


def bucket_names(site: SiteConfig, touches: Iterable[Touch], credited: Iterable[Touch]) -> Names:
    """Make the names of a bucket, from its own distinct touches and from the touches that get credit for its
    conversions."""
    return Names(site, [*distinct(touches), *credited])
