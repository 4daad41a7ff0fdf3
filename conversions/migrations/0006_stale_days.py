from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conversions", "0005_cells"),
    ]

    operations = [
        migrations.CreateModel(
            name="StaleDay",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("site", models.CharField(max_length=64)),
                ("day", models.CharField(max_length=10)),
                ("token", models.BigIntegerField()),
                ("ends_at", models.BigIntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["ends_at"], name="stale_day_end")],
                "constraints": [models.UniqueConstraint(fields=("site", "day"), name="stale_day_key")],
            },
        ),
    ]
