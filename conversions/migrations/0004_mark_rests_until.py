from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conversions", "0003_putback"),
    ]

    operations = [
        # Workers of the version before don't name the column.
        migrations.AddField("mark", "rests_until", models.BigIntegerField(default=0, db_default=0)),
    ]
