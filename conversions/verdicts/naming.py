"""Naming: the touches of a bucket -> the names of their ads, the same in reports and explanations. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from conversions.facts.ad_names import OTHER, AdName, AdNames
from conversions.facts.records import Touch
from conversions.rules.site import SiteConfig
from conversions.units.clock import bucket_of
from conversions.verdicts.cases import Case
from conversions.verdicts.paths import counted_once, path_of

#: A bucket names at most this many unconfigured ads, the largest. The rest is `(other)`. Configured ads are always
#: named.
MAX_OTHERS = 1_000


def beyond(sizes: Mapping[AdName, int]) -> frozenset[AdName]:
    """The names that become `(other)`. `sizes`: the name of an unconfigured ad -> its number of touches."""
    if len(sizes) <= MAX_OTHERS:
        return frozenset()
    return frozenset(sorted(sizes, key=lambda name: (-sizes[name], name))[MAX_OTHERS:])


class Names:
    """Names the ads of touches as the figures of a part of an hour do: configured ads and the largest others have their
    own names, the rest is `(other)`.

    `touches`: the part's touches. `others`: name -> number of touches, in the other parts of the hour. Names are left
    out twice: each part keeps only its own largest names, and the hour keeps only the largest of the names that its
    parts kept.
    """

    def __init__(
        self, site: SiteConfig, touches: Iterable[Touch] = (), others: Mapping[AdName, int] = MappingProxyType({})
    ) -> None:
        self._ads = AdNames(site.ads)
        sizes = Counter(name for touch in touches if not (name := self._ads.name(touch)).configured)
        self._rest = beyond(sizes)
        if others:
            kept = Counter({name: size for name, size in sizes.items() if name not in self._rest})
            self._rest |= beyond(kept + Counter(others))

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


def part_names(
    site: SiteConfig, touches: Iterable[Touch], credited: Iterable[Touch], others: Mapping[AdName, int]
) -> Names:
    """The names of a part. `touches`: the part's own, which are counted once for each click key. `credited`: the
    touches to which the part's conversions give credit. `others`: see Names."""
    return Names(site, [*counted_once(touches), *credited], others)
