"""Parts: the slots of an hour's facts, and the parts that adjacent slots form. Each part is rolled up by itself. Pure.

A fact's slot never changes. An hour has one part, unless its site was given more before the hour. The number of an
hour's parts is fixed before the hour can have facts.
"""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

#: The number of slots of a bucket. Each fact of the ledger is in one of them.
SLOTS = 256
#: The numbers of parts that a site's hours may have.
NUMBERS = (1, 16, 256)

#: A bucket and a slot.
Place = tuple[int, int]


class Part(msgspec.Struct, frozen=True):
    """One of `number` parts of a bucket. Each part has the same number of adjacent slots."""

    index: int
    number: int

    @property
    def slots(self) -> tuple[int, int]:
        """The first slot of the part, and the first one after it."""
        return self.index * SLOTS // self.number, (self.index + 1) * SLOTS // self.number


#: The only part of a bucket that isn't divided.
WHOLE = Part(0, 1)


class Parts(msgspec.Struct, frozen=True):
    """How many parts a site's buckets have. `steps`: (instant in ms, number), for all buckets from that instant on.

    Of several steps the greatest number applies, because a number is never lowered. Before the first step, a bucket has
    one part.
    """

    steps: tuple[tuple[int, int], ...] = ()

    def number_at(self, bucket: int) -> int:
        """The number of parts of a bucket."""
        return max((number for since, number in self.steps if since <= bucket), default=1)

    @property
    def highest(self) -> int:
        """The greatest number of parts that any bucket of the site has, later ones included."""
        return max((number for _, number in self.steps), default=1)

    def of(self, bucket: int) -> list[Part]:
        """The parts of a bucket."""
        number = self.number_at(bucket)
        return [Part(index, number) for index in range(number)]

    def part_of(self, place: Place) -> Part:
        """The part that contains a place."""
        bucket, slot = place
        number = self.number_at(bucket)
        return Part(slot * number // SLOTS, number)


#: Site -> its parts, with no site in it: every site's buckets have one part each.
UNDIVIDED: Mapping[str, Parts] = MappingProxyType({})
