from django.db import migrations

from tables import append_only


class Migration(migrations.Migration):
    """What was applied, releases, requests once applied, resolved remarks and the chain's order: held by the database.

    A later migration that alters one of these tables lets go first and installs again at its end.
    """

    dependencies = [("tables", "0009_notices")]
    operations = [
        migrations.RunPython(append_only.let_go, migrations.RunPython.noop),
        migrations.RunPython(append_only.hold, migrations.RunPython.noop),
    ]
