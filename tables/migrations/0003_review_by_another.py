from django.db import migrations

from tables import append_only


def install(apps, schema_editor):
    append_only.install(schema_editor.connection)


class Migration(migrations.Migration):
    """The triggers of 0002 that were added since: against TRUNCATE, INSERT OR REPLACE, and reviews by an author."""

    dependencies = [("tables", "0002_append_only")]
    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
