"""Parts: marks and facts know their part. Every site is marked, and a replay is requested. The replay makes Cassandra's
ledger again. On every store, it also makes the rows by which conversions find earlier clicks."""

from typing import Any

from django.db import migrations, models

WHOLE_SITE = -1


def mark_every_site(apps: Any, _editor: Any) -> None:
    """Mark each site that has figures, under a token that is greater than all tokens that were drawn. Request a replay
    of everything."""
    marks, sequence = apps.get_model("conversions", "Mark"), apps.get_model("conversions", "Sequence")
    row = sequence.objects.select_for_update().filter(pk=1).first()
    if row is None:
        return
    row.last += 1
    row.save()
    sites = marks.objects.order_by("site").values_list("site", flat=True).distinct()
    rows = [marks(site=site, bucket=WHOLE_SITE, part=0, token=row.last, marked=True) for site in sites]
    marks.objects.bulk_create(
        rows, 500, update_conflicts=True, unique_fields=["site", "part", "bucket"], update_fields=["token", "marked"]
    )
    replays = apps.get_model("conversions", "Replay").objects
    if not replays.filter(site="", since="", until="", ended_at__isnull=True).exists():
        replays.create(requested=True)


class Migration(migrations.Migration):
    dependencies = [
        ("conversions", "0010_carried"),
    ]

    operations = [
        migrations.CreateModel(
            name="PartStep",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("site", models.CharField(max_length=64)),
                ("since", models.BigIntegerField()),
                ("number", models.SmallIntegerField()),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("site", "number"), name="part_step_key")]},
        ),
        migrations.RemoveConstraint("mark", "mark_key"),
        migrations.AddField("mark", "part", models.SmallIntegerField(default=0, db_default=0)),
        migrations.AddField("mark", "held_until", models.BigIntegerField(default=0, db_default=0)),
        migrations.AddConstraint(
            "mark", models.UniqueConstraint(fields=("site", "part", "bucket"), name="mark_key")
        ),
        migrations.RemoveIndex("factrow", "fact_ledger"),
        migrations.AddField("factrow", "slot", models.SmallIntegerField(default=0, db_default=0)),
        migrations.AddIndex(
            "factrow",
            models.Index(
                fields=["site", "bucket", "slot"],
                name="fact_ledger",
                condition=models.Q(("bucket__isnull", False)),
            ),
        ),
        migrations.RunPython(mark_every_site, migrations.RunPython.noop),
    ]
