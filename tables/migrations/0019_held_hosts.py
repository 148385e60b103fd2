from django.db import migrations, models


class Migration(migrations.Migration):
    """Hosts that were rolled back by hand, on which nothing is published until somebody releases the hold."""

    dependencies = [("tables", "0018_passages")]

    operations = [
        migrations.AddField("host", "held_since", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("host", "held_by_name", models.CharField(blank=True, max_length=255)),
        migrations.AddField("host", "held_reason", models.TextField(blank=True)),
        migrations.AddField("host", "held_from", models.PositiveIntegerField(blank=True, null=True)),
        migrations.AddField("host", "hold_released", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("host", "rolled_back_files", models.JSONField(blank=True, null=True)),
    ]
