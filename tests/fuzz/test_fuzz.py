"""Odd requests to any address cause no bug, no long wait, and lose no accepted hit. `make fuzz` sends more."""

import os
from pathlib import Path

from tests.fuzz.addresses import addresses
from tests.fuzz.run import fuzz, open_tracker

SEED = int(os.environ.get("FUZZ_SEED") or 1)


def test_odd_requests_are_answered_soon_and_accepted_hits_are_archived(tmp_path: Path) -> None:
    with open_tracker(tmp_path) as (tracker, made):
        seen = fuzz(tracker, made, requests=1_000, seed=SEED)
    print(seen)
    assert seen.wrong == [], f"FUZZ_SEED={SEED}"
    assert seen.accepted > 50


def test_every_address_of_the_tracker_is_requested() -> None:
    assert {"/collect", "/postback", "/pixel.gif", "/t.js", "/collect/crossing", "/click/{site}/{ad}"} <= set(
        addresses()
    )
