"""Migrations: what must be made again after an upgrade."""

from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from conversions.marks.marks import WHOLE_SITE, Mark, Sequence
from conversions.models import Replay
from conversions.store.rows import CellRow

BEFORE = ("conversions", "0004_mark_rests_until")


def migrate(target: tuple[str, str]) -> Any:
    """Migrate to a migration and return the models of that state."""
    executor = MigrationExecutor(connection)
    executor.migrate([target])
    return executor.loader.project_state([target]).apps


@pytest.mark.django_db(transaction=True)
def test_an_upgrade_drops_the_old_cells_and_marks_every_site() -> None:
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes("conversions")[0]
    try:
        old = migrate(BEFORE)
        place = {"site": "s", "model": "last", "goal": "g", "bucket": 0, "day": "1970-01-01"}
        old.get_model("conversions", "CellRow").objects.create(**place, token=1, body=b"[]")
        marks = old.get_model("conversions", "Mark").objects
        old.get_model("conversions", "Sequence").objects.create(pk=1, last=9)
        for site, bucket in (("s", 0), ("t", 0), ("t", WHOLE_SITE)):
            marks.create(site=site, bucket=bucket, token=8, marked=False)
    finally:
        migrate(latest)
    assert CellRow.objects.count() == 0
    marked = Mark.objects.filter(marked=True).order_by("site").values_list("site", "bucket", "token")
    last = Sequence.objects.get().last
    assert list(marked) == [("s", WHOLE_SITE, last), ("t", WHOLE_SITE, last)]
    assert last > 9


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("sequences", "replays"), [([], 0), ([9], 1)])
def test_an_upgrade_of_a_tracker_with_hits_has_them_replayed(sequences: list[int], replays: int) -> None:
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes("conversions")[0]
    try:
        old = migrate(("conversions", "0010_carried"))
        for last in sequences:
            old.get_model("conversions", "Sequence").objects.create(pk=1, last=last)
    finally:
        migrate(latest)
    assert Replay.objects.filter(site="", requested=True, ended_at=None).count() == replays
