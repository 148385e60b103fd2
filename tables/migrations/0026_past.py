"""Indexes of the past: states at a place and time, what was live where, and searches in the changes."""

from django.db import migrations, models

APPLIED = models.Q(("number__isnull", False))
SUCCEEDED = models.Q(("state", "succeeded"))


class Migration(migrations.Migration):

    dependencies = [("tables", "0025_broken_rows")]

    operations = [
        migrations.AddIndex(
            "change",
            models.Index(
                condition=models.Q(("before_position__isnull", False), ("number__isnull", False)),
                fields=["cluster", "table", "before_position", "key", "number"],
                name="change_of_place",
            ),
        ),
        migrations.AddIndex(
            "change",
            models.Index(condition=APPLIED, fields=["cluster", "applied_at", "number"], name="change_of_time"),
        ),
        migrations.AddIndex(
            "change",
            models.Index(condition=APPLIED, fields=["cluster", "author_name", "number"], name="change_of_person"),
        ),
        migrations.AddIndex(
            "change",
            models.Index(condition=APPLIED, fields=["cluster", "table", "number"], name="change_of_table"),
        ),
        migrations.AddIndex(
            "change",
            models.Index(
                condition=models.Q(("number__isnull", True)), fields=["cluster", "id"], name="change_not_applied"
            ),
        ),
        migrations.AddIndex(
            "release", models.Index(fields=["cluster", "change_number", "number"], name="release_of_change")
        ),
        migrations.AddIndex(
            "publication",
            models.Index(condition=SUCCEEDED, fields=["host", "release", "finished_at"], name="publication_live"),
        ),
        migrations.AddIndex(
            "publication", models.Index(condition=SUCCEEDED, fields=["host", "finished_at"], name="publication_ended")
        ),
    ]
