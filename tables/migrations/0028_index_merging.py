from django.db import migrations

from tables.searching import index


def leave_merging(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for table in index.TABLES:
            for statement in index.without_merging(table):
                schema_editor.execute(statement)


class Migration(migrations.Migration):
    """On SQLite the indexes of words are merged by the publisher, not within whatever writes."""

    dependencies = [("tables", "0027_jobs")]

    operations = [migrations.RunPython(leave_merging, migrations.RunPython.noop)]
