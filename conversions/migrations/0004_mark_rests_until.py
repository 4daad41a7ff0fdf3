from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conversions", "0003_putback"),
    ]

    operations = [
        # Workers of the previous version don't write this column. Therefore the database has a default.
        migrations.AddField("mark", "rests_until", models.BigIntegerField(default=0, db_default=0)),
    ]
