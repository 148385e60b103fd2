from django.db import migrations

from tables import append_only


class Migration(migrations.Migration):
    dependencies = [("tables", "0001_initial")]
    operations = [migrations.RunPython(append_only.hold, append_only.let_go)]
