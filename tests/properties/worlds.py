"""Worlds: how many a property is tried in, and how each is drawn."""

import os
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

#: On SQL. `make worlds` takes more.
WORLDS = int(os.environ.get("WORLDS") or 120)
#: A world on Cassandra takes as long as several on SQL. What is wrong in the scheme of marks and tokens is wrong on
#: both; what is Cassandra's own, a write of which half is seen, shows in few worlds of many hits.
ON_CASSANDRA = WORLDS // 4
LEAST_ON_CASSANDRA = 12

#: The time zone of a world's site, and the first instant of its hits (ms).
Clock = tuple[str, int]
Test = Callable[..., Any]


def worlds(number: int, clocks: Sequence[Clock]) -> Callable[[Test], Test]:
    """Runs a test so many times, with another `seed` and one of these as its `clock`."""

    def explored(test: Test) -> Test:
        drawn = given(seed=st.integers(0, 2**32), clock=st.sampled_from(clocks))(test)
        bounded = settings(
            max_examples=number,
            deadline=None,
            # Another seed is another world, so a failure can't be made smaller; it is kept, and tried first.
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
        )(drawn)
        return pytest.mark.timeout(max(900, 30 * number))(bounded)

    return explored
