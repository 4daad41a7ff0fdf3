"""Cells in columns. The old cells are dropped, and every site is marked. Beat then makes all figures again."""

from typing import Any

from django.db import migrations, models

WHOLE_SITE = -1


def mark_every_site(apps: Any, _editor: Any) -> None:
    """Mark each site that has figures, under a token that is greater than all tokens that were drawn."""
    marks, sequence = apps.get_model("conversions", "Mark"), apps.get_model("conversions", "Sequence")
    row = sequence.objects.select_for_update().filter(pk=1).first()
    if row is None:
        return
    row.last += 1
    row.save()
    sites = marks.objects.order_by("site").values_list("site", flat=True).distinct()
    rows = [marks(site=site, bucket=WHOLE_SITE, token=row.last, marked=True) for site in sites]
    marks.objects.bulk_create(
        rows, 500, update_conflicts=True, unique_fields=["site", "bucket"], update_fields=["token", "marked"]
    )


class Migration(migrations.Migration):
    dependencies = [
        ("conversions", "0004_mark_rests_until"),
    ]

    operations = [
        migrations.DeleteModel("CellRow"),
        migrations.CreateModel(
            name="CellRow",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("site", models.CharField(max_length=64)),
                ("model", models.CharField(max_length=20)),
                ("page", models.CharField(max_length=24)),
                ("start", models.BigIntegerField()),
                ("key", models.CharField(blank=True, max_length=12)),
                ("token", models.BigIntegerField()),
                ("body", models.BinaryField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("site", "model", "page", "start", "key"), name="cell_place")
                ],
            },
        ),
        migrations.RunPython(mark_every_site, migrations.RunPython.noop),
    ]
