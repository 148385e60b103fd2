"""Rows of an imported sheet that could not be taken."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("tables", "0024_entry_about")]

    operations = [
        migrations.CreateModel(
            name="BrokenRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("table", models.CharField(max_length=32)),
                ("number", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[("broken", "Broken"), ("mended", "Mended"), ("left out", "Left Out")],
                        default="broken",
                        max_length=8,
                    ),
                ),
                ("texts", models.JSONField(default=dict)),
                ("problems", models.JSONField(default=list)),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="broken_rows",
                        to="tables.changerequest",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "broken")), fields=["request", "number"], name="brokenrow_open"
                    )
                ],
            },
        ),
    ]
