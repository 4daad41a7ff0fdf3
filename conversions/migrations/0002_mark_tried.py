from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conversions", "0001_initial"),
    ]

    operations = [
        # Workers of the previous version don't write this column. Therefore the database has a default.
        migrations.AddField("mark", "tried", models.BigIntegerField(default=0, db_default=0)),
    ]
