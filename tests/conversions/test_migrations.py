"""Migrations: what must be made again after an upgrade."""

from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from conversions.marks.marks import WHOLE_SITE, Mark, Sequence
from conversions.store.rows import CellRow

BEFORE = ("conversions", "0004_mark_rests_until")


def migrate(target: tuple[str, str]) -> Any:
    """Migrates to a migration and returns the models of that state."""
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
    assert list(marked) == [("s", WHOLE_SITE, 10), ("t", WHOLE_SITE, 10)]
    assert Sequence.objects.get().last == 10
