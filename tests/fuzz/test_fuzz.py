"""Whatever is asked of any address: no mistake of ours, no wait, and no accepted hit is lost. `make fuzz` asks more."""

import os
import random
from pathlib import Path

from tests.fuzz.addresses import addresses
from tests.fuzz.run import fuzz
from tests.running import Tracker

SEED = int(os.environ.get("FUZZ_SEED") or random.randrange(10**6))


def test_whatever_is_asked_is_answered_soon_and_what_is_accepted_is_archived(tmp_path: Path) -> None:
    with Tracker(tmp_path) as tracker:
        tracker.migrate()
        made = tracker.bootstrap()
        tracker.start("web")
        seen = fuzz(tracker, made, requests=1_000, seed=SEED)
    print(seen)
    assert seen.wrong == [], f"FUZZ_SEED={SEED}"
    assert seen.accepted > 50


def test_every_address_of_the_tracker_is_asked() -> None:
    assert {"/collect", "/pixel.gif", "/t.js", "/collect/crossing", "/click/{site}/{ad}"} <= set(addresses())
