from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('conversions', '0002_mark_tried'),
    ]

    operations = [
        migrations.CreateModel(
            name='PutBack',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('since', models.BigIntegerField()),
                ('at', models.BigIntegerField()),
            ],
        ),
    ]
