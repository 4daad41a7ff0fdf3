"""Parts: an hour's facts, divided into 1, 16 or 256 parts that are rolled up separately. Pure.

Each fact has a slot from 0 to 255, which never changes. A part is a range of adjacent slots. An hour has one part,
unless its site got more parts before that hour began. The number of parts is fixed before the hour can have facts.
"""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

#: The number of slots of a bucket.
SLOTS = 256
#: How many parts the buckets of a site may have.
NUMBERS = (1, 16, 256)

#: Where a touch or a conversion is counted: the bucket (ms) and the slot.
Place = tuple[int, int]


class Part(msgspec.Struct, frozen=True):
    """One of the `number` parts of a bucket. Each part has the same number of the bucket's 256 slots. `index` counts
    the parts from 0."""

    index: int
    number: int

    @property
    def slots(self) -> tuple[int, int]:
        """The slots of the part: the first one, and the one after the last."""
        return self.index * SLOTS // self.number, (self.index + 1) * SLOTS // self.number


#: The single part of an undivided bucket.
WHOLE = Part(0, 1)


class Parts(msgspec.Struct, frozen=True):
    """How many parts a site's buckets have. `steps`: pairs (instant in ms, number of parts). The number applies to all
    buckets from the instant on.

    The number is never lowered: if several steps apply to a bucket, the greatest number counts. Before the first step,
    a bucket has one part.
    """

    steps: tuple[tuple[int, int], ...] = ()

    def number_at(self, bucket: int) -> int:
        """Return how many parts a bucket has."""
        return max((number for since, number in self.steps if since <= bucket), default=1)

    @property
    def highest(self) -> int:
        """The greatest number of parts that a bucket of the site has, now or by a step in the future."""
        return max((number for _, number in self.steps), default=1)

    def of(self, bucket: int) -> list[Part]:
        """List the parts into which a bucket is divided."""
        number = self.number_at(bucket)
        return [Part(index, number) for index in range(number)]

    def part_of(self, place: Place) -> Part:
        """Return the part of a bucket that contains a slot. `place`: the bucket and the slot."""
        bucket, slot = place
        number = self.number_at(bucket)
        return Part(slot * number // SLOTS, number)


#: Site key -> its parts. The mapping is empty: the buckets of all sites are undivided.
UNDIVIDED: Mapping[str, Parts] = MappingProxyType({})
