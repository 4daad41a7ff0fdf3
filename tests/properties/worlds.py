"""Worlds: how many random worlds a property is tried in, and how each is drawn."""

import os
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

#: The number on SQL. `make worlds` takes more.
WORLDS = int(os.environ.get("WORLDS") or 120)
#: Fewer on Cassandra, because a world there takes as long as several on SQL. A fault in the scheme of marks and tokens
#: shows on both; a fault of Cassandra's own, such as a half-visible write, shows in a few worlds of many hits.
ON_CASSANDRA = WORLDS // 8
LEAST_ON_CASSANDRA = 12

#: The timezone of a world's site, and the first instant of its hits (ms).
Clock = tuple[str, int]
Test = Callable[..., Any]


def worlds(number: int, clocks: Sequence[Clock]) -> Callable[[Test], Test]:
    """Runs a test `number` times, each with another `seed` and one of these clocks as its `clock`."""

    def explored(test: Test) -> Test:
        drawn = given(seed=st.integers(0, 2**32), clock=st.sampled_from(clocks))(test)
        bounded = settings(
            max_examples=number,
            deadline=None,
            # No shrinking, because another seed is an unrelated world. A failed seed is stored and tried first.
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
        )(drawn)
        return pytest.mark.timeout(max(900, 30 * number))(bounded)

    return explored
