"""However many mergers work on the archive at once, and at whatever step they die, a replay finds every hit."""

import random

from tests.properties.archived import through_archive
from tests.properties.scenario import split_batches
from tests.properties.worlds import WORLDS, Clock, worlds
from tracker.collection.hit import Hit


@worlds(WORLDS // 2, [("UTC", 0)])
def test_no_hit_is_lost_or_changed_whatever_two_mergers_do(seed: int, clock: Clock) -> None:
    rng, (_, start) = random.Random(seed), clock
    page = {"site": "s", "type": "page", "visitor": "v"}
    hits = [Hit(id=f"h{n % 17}", at=start + n, received=start + n, **page) for n in range(25)]  # type: ignore[arg-type]
    through_archive(rng, "s", split_batches(rng, hits))
