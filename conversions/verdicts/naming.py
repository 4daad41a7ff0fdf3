"""Naming: gives each ad its name in an hour's figures: its own name or `(other)`. Reports and explanations use the same
names. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from conversions.facts.ad_names import OTHER, AdName, AdNames
from conversions.facts.records import Touch
from conversions.rules.site import SiteConfig
from conversions.units.clock import bucket_of
from conversions.verdicts.cases import Case
from conversions.verdicts.paths import counted_once, path_of

#: A bucket's figures have rows for at most this many unconfigured ads, those with most touches. The others share the
#: row `(other)`. Configured ads always have their own rows.
MAX_OTHERS = 1_000


def names_left_out(sizes: Mapping[AdName, int]) -> frozenset[AdName]:
    """Return the names of the unconfigured ads that are shown as `(other)`: all but the MAX_OTHERS largest. `sizes`:
    the name of each unconfigured ad -> its number of touches."""
    if len(sizes) <= MAX_OTHERS:
        return frozenset()
    return frozenset(sorted(sizes, key=lambda name: (-sizes[name], name))[MAX_OTHERS:])


class Names:
    """Gives each ad its name in the figures of one part of an hour. Configured ads and the largest unconfigured ads
    have their own names. All other ads have the name `(other)`.

    `touches`: the touches of the part. `others`: name -> number of touches in the other parts of the hour. First each
    part keeps its largest names. Then the hour keeps the largest of the names that its parts kept.
    """

    def __init__(
        self, site: SiteConfig, touches: Iterable[Touch] = (), others: Mapping[AdName, int] = MappingProxyType({})
    ) -> None:
        self._ads = AdNames(site.ads)
        sizes = Counter(name for touch in touches if not (name := self._ads.name(touch)).configured)
        self._rest = names_left_out(sizes)
        if others:
            kept = Counter({name: size for name, size in sizes.items() if name not in self._rest})
            self._rest |= names_left_out(kept + Counter(others))

    def name(self, touch: Touch) -> AdName:
        """Return the name of a touch's ad in the figures of this part of an hour. The touch itself may be older than
        the hour."""
        name = self._ads.name(touch)
        return OTHER if name in self._rest else name


def counted_in(site: SiteConfig, bucket: int, cases: Iterable[Case]) -> Iterator[Case]:
    """List the cases that count and whose conversion is in the bucket."""
    for case in cases:
        if case.reason is None and bucket_of(case.verdict.winner.at, site.timezone) == bucket:
            yield case


def credited_in(site: SiteConfig, bucket: int, cases: Iterable[Case]) -> Iterator[Touch]:
    """List the touches that get credit for the bucket's conversions."""
    for case in counted_in(site, bucket, cases):
        yield from (point.touch for point in path_of(case.verdict, case.touches) if point.reason is None)


def part_names(
    site: SiteConfig, touches: Iterable[Touch], credited: Iterable[Touch], others: Mapping[AdName, int]
) -> Names:
    """Make the Names of one part of an hour.

    `touches`: the part's touches; those with the same click key are counted once. `credited`: the touches that get
    credit for the part's conversions. `others`: name -> number of touches in the other parts of the hour.
    """
    return Names(site, [*counted_once(touches), *credited], others)
