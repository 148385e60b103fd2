from django.db import migrations, models

from tables import append_only


class Migration(migrations.Migration):
    """Broken glass is born open and closed whole, by nobody who had a hand in its request."""

    dependencies = [("tables", "0012_forwarding")]

    operations = [
        migrations.RunPython(append_only.let_go, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="brokenglass",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at__isnull", True), ("closed_by__isnull", True), ("decision", "")),
                    models.Q(
                        ("closed_at__isnull", False),
                        ("closed_by__isnull", False),
                        ("decision__in", ["approve", "reject"]),
                    ),
                    _connector="OR",
                ),
                name="glass_closed_whole",
            ),
        ),
        migrations.RunPython(append_only.hold, migrations.RunPython.noop),
    ]
