from django.db import migrations

from tables import append_only


class Migration(migrations.Migration):
    """The triggers of 0002 that were added since: against TRUNCATE, INSERT OR REPLACE, and reviews by an author."""

    dependencies = [("tables", "0002_append_only")]
    operations = [migrations.RunPython(append_only.hold, migrations.RunPython.noop)]
