"""Given: converts the product's hits and configuration to plain JSON, and gives them to the recomputation."""

import json
from collections.abc import Iterable
from typing import Any

import msgspec

from conversions.facts import person
from conversions.rules import budget
from conversions.rules.rates import Quote
from conversions.rules.site import SiteConfig
from conversions.verdicts import joined, naming
from tests.properties.recomputation.budget import Budget
from tests.properties.recomputation.report import Report, recompute
from tests.properties.recomputation.world import Bounds
from tracker.collection.hit import Hit, encode_hits

#: The key of the hashes that replace visitor ids.
SALT = b"salt"


def recomputed(hits: Iterable[Hit], site: SiteConfig, quotes: Iterable[Quote] = ()) -> Report:
    """Return the recomputed report of hits under a configuration. `quotes` are in the order in which they were
    loaded."""
    lines = encode_hits(list(hits)).splitlines()
    plain: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(site, rates=()))
    numbers = Budget(budget.SHARED_TOUCHES, budget.LEAST_TOUCHES, budget.CONVERSIONS_ELSEWHERE, budget.CLICKS_SEARCHED)
    crowds = person.MOST_VISITORS, person.MOST_USERS, person.MOST_NAMING
    bounds = Bounds(*crowds, joined.REACH_MS, naming.MAX_OTHERS, numbers)
    return recompute(map(json.loads, lines), plain, [msgspec.to_builtins(quote) for quote in quotes], bounds, SALT)
