from django.db import migrations

from tables import append_only


def let_go(apps, schema_editor):
    append_only.remove(schema_editor.connection)


def install(apps, schema_editor):
    append_only.install(schema_editor.connection)


class Migration(migrations.Migration):
    """What was applied, releases, requests once applied, resolved remarks and the chain's order: held by the database.

    A later migration that alters one of these tables lets go first and installs again at its end.
    """

    dependencies = [("tables", "0009_notices")]
    operations = [
        migrations.RunPython(let_go, migrations.RunPython.noop),
        migrations.RunPython(install, migrations.RunPython.noop),
    ]
