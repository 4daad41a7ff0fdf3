"""Rate limit: how many hits a second a sender may send."""

import pytest

from tracker.rate_limit import MAX_SENDERS, RateLimit


class Clock:
    """A clock that the test moves, in seconds."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rate(clock: Clock) -> RateLimit:
    return RateLimit(clock)


def test_a_seconds_hits_are_accepted_at_once_and_the_next_must_wait(rate: RateLimit) -> None:
    assert [rate.take("S", 1, 10) for _ in range(10)] == [0.0] * 10
    assert rate.take("S", 1, 10) == pytest.approx(0.1)


def test_after_the_wait_a_hit_is_accepted(rate: RateLimit, clock: Clock) -> None:
    for _ in range(10):
        rate.take("S", 1, 10)
    clock.now += rate.take("S", 1, 10)
    assert rate.take("S", 1, 10) == 0.0


def test_over_a_long_time_the_rate_is_kept(rate: RateLimit, clock: Clock) -> None:
    let_in = 0
    for _ in range(1000):
        let_in += rate.take("S", 1, 3) == 0.0
        clock.now += 0.01
    assert 30 <= let_in <= 33


def test_an_array_above_the_rate_is_accepted_whole_and_delays_the_next_hits(rate: RateLimit, clock: Clock) -> None:
    assert rate.take("S", 500, 10) == 0.0
    assert rate.take("S", 1, 10) == pytest.approx(49.1)
    clock.now += 49.1
    assert rate.take("S", 1, 10) == 0.0


def test_a_refused_request_does_not_count(rate: RateLimit, clock: Clock) -> None:
    rate.take("S", 2, 2)
    assert [rate.take("S", 2, 2) for _ in range(5)] == [pytest.approx(0.5)] * 5


def test_senders_have_their_own_rates_and_0_means_no_limit(rate: RateLimit) -> None:
    rate.take("S", 1, 1)
    assert rate.take("T", 1, 1) == 0.0
    assert [rate.take("U", 500, 0) for _ in range(5)] == [0.0] * 5


def test_the_tally_is_bounded(rate: RateLimit) -> None:
    for n in range(MAX_SENDERS + 10):
        rate.take(f"S{n}", 1, 1)
    assert rate.take("S0", 1, 1) == 0.0
    assert rate.take(f"S{MAX_SENDERS}", 1, 1) > 0
