"""Probe: checks a service without delaying anybody, and not more often than needed."""

import time
from collections.abc import Iterator
from threading import Event

import pytest

from tracker.collection.failure import Transient
from tracker.probe import FRESH_SECONDS, Probe, ask_all


@pytest.fixture
def gate() -> Iterator[Event]:
    """An event for which a hanging service waits. It is set at the end, so that no thread is left."""
    opened = Event()
    yield opened
    opened.set()


def test_an_answer_has_its_value_and_its_time() -> None:
    answer = ask_all([Probe("seven", lambda: 7)])["seven"]
    assert (answer.state, answer.value) == ("up", 7)
    assert 0 <= answer.seconds < 1


def test_a_failure_is_down_without_a_reason() -> None:
    def fail() -> int:
        raise Transient("host 10.0.0.1 refused")

    answer = ask_all([Probe("broken", fail)])["broken"]
    assert (answer.state, answer.value) == ("down", None)


def test_a_service_that_hangs_is_slow_and_the_others_answer(gate: Event) -> None:
    began = time.monotonic()
    answers = ask_all([Probe("stuck", gate.wait), Probe("stuck too", gate.wait), Probe("fine", lambda: True)], 0.3)
    assert time.monotonic() - began < 1
    assert {name: answer.state for name, answer in answers.items()} == {
        "stuck": "slow",
        "stuck too": "slow",
        "fine": "up",
    }
    assert answers["stuck"].seconds >= 0.3


def test_many_callers_cause_one_check_of_a_service(gate: Event) -> None:
    asked = []

    def ask() -> bool:
        asked.append(1)
        return gate.wait()

    probe = Probe("stuck", ask)
    for _ in range(5):
        assert ask_all([probe], 0.01)["stuck"].state == "slow"
    gate.set()
    assert ask_all([probe], 5)["stuck"].state == "up"
    assert len(asked) == 1


def test_a_fresh_answer_is_reused_and_an_old_one_is_checked_again() -> None:
    now = [time.monotonic()]
    asked: list[float] = []
    probe = Probe("counted", lambda: asked.append(now[0]), clock=lambda: now[0])
    for later in (0, FRESH_SECONDS / 2, FRESH_SECONDS):
        now[0] += later
        probe.start()
        probe.read(now[0] + 5)
    assert len(asked) == 2


def test_a_service_that_came_back_is_up_again(gate: Event) -> None:
    down = [True]

    def ask() -> None:
        if down[0]:
            raise Transient("away")

    now = [0.0]
    probe = Probe("back", ask, clock=lambda: now[0])
    probe.start()
    assert probe.read(5).state == "down"
    down[0] = False
    now[0] += FRESH_SECONDS
    probe.start()
    assert probe.read(now[0] + 5).state == "up"
