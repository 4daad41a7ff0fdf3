"""Parts: the part of an hour that a fact belongs to, and the ads that an hour names. Rules: `docs/models.md`, Parts of
an hour."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b

from tests.properties.recomputation.names import Name
from tests.properties.recomputation.records import Conversion, Touch

SLOTS = 256
OTHER = Name("(other)", "(other)")
#: An hour, and the index of one of its parts.
Part = tuple[int, int]


def click_key(touch: Touch) -> str:
    """Return the key of a touch; touches with the same key in an hour count once."""
    if touch.click_id and not touch.ad:
        return "\0".join((touch.visitor, touch.network, touch.click_id))
    return f"h:{touch.hit}"


def claim_key(row: Conversion) -> str:
    """Return the key of a conversion that decides its part: its claim."""
    return f"o:{row.order}" if row.order else f"c:{row.click}" if row.click else f"h:{row.hit}"


def part_of(key: str, hour: int, steps: Iterable[Sequence[int]]) -> Part:
    """Return the part of an hour for a key. `steps`: instant -> number of parts from then on."""
    number = max((number for since, number in steps if since <= hour), default=1)
    return hour, blake2b(key.encode(), digest_size=1).digest()[0] // (SLOTS // number)


def unnamed(sizes: Mapping[Part, Counter[Name]], most: int) -> dict[Part, set[Name]]:
    """Return part -> the unconfigured ads that are counted as `(other)` there."""
    small = {part: too_small(counted, most) for part, counted in sizes.items()}
    hours: dict[int, Counter[Name]] = defaultdict(Counter)
    for part, counted in sizes.items():
        hours[part[0]].update({name: size for name, size in counted.items() if name not in small[part]})
    return {part: names | too_small(hours[part[0]], most) for part, names in small.items()}


def too_small(sizes: Counter[Name], most: int) -> set[Name]:
    """Return all ads except the largest."""
    return set(sorted(sizes, key=lambda name: (-sizes[name], name))[most:])
