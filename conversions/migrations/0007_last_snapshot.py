from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("conversions", "0006_stale_days"),
    ]

    operations = [
        migrations.AlterModelTable(name="kept", table="conversions_kept"),
        migrations.RenameModel(old_name="Kept", new_name="LastSnapshot"),
    ]
