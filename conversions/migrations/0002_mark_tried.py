from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conversions", "0001_initial"),
    ]

    operations = [
        # Workers of the version before don't name the column.
        migrations.AddField("mark", "tried", models.BigIntegerField(default=0, db_default=0)),
    ]
