"""Worlds: in how many random worlds a property is tested, and how each is drawn."""

import os
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

#: The number of worlds on SQL. `make worlds` tests more.
WORLDS = int(os.environ.get("WORLDS") or 120)
#: The number on Cassandra. It is smaller, because a world takes as long there as several on SQL. A fault in the scheme
#: of marks and tokens shows on both; a fault of Cassandra alone, such as a half-visible write, shows in a few worlds of
#: many hits.
ON_CASSANDRA = WORLDS // 8
LEAST_ON_CASSANDRA = 12

#: The timezone of a world's site, and the first instant of its hits (ms).
Clock = tuple[str, int]
Test = Callable[..., Any]


def worlds(number: int, clocks: Sequence[Clock]) -> Callable[[Test], Test]:
    """Run a test in `number` worlds, each with another `seed` and a `clock`: a timezone and a first instant."""

    def explored(test: Test) -> Test:
        drawn = given(seed=st.integers(0, 2**32), clock=st.sampled_from(clocks))(test)
        bounded = settings(
            max_examples=number,
            deadline=None,
            # No shrinking, because another seed gives an unrelated world. Failed seeds are stored and tried first.
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
        )(drawn)
        return pytest.mark.timeout(max(900, 30 * number))(bounded)

    return explored
