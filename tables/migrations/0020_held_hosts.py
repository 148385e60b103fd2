from django.db import migrations, models


class Migration(migrations.Migration):
    """Hosts that were rolled back by hand and are held; the plan that a person looked at, and the one that was found."""

    dependencies = [("tables", "0019_passages")]

    operations = [
        migrations.AddField("host", "held_since", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("host", "held_by_name", models.CharField(blank=True, max_length=255)),
        migrations.AddField("host", "held_reason", models.TextField(blank=True)),
        migrations.AddField("host", "held_from", models.PositiveIntegerField(blank=True, null=True)),
        migrations.AddField("host", "hold_released", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("host", "rolled_back_files", models.JSONField(blank=True, null=True)),
        migrations.AddField("publication", "plan_checksum", models.CharField(blank=True, max_length=64)),
        migrations.AddField("publication", "plan_counts", models.JSONField(blank=True, default=dict)),
        migrations.AddField("publication", "override_findings", models.JSONField(blank=True, null=True)),
        migrations.AddField("publication", "plan_found", models.JSONField(blank=True, null=True)),
    ]
