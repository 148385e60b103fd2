from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tables', '0016_entry_indexes'),
    ]

    operations = [
        migrations.AddField(
            model_name='host',
            name='report',
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name='host',
            name='reported_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
