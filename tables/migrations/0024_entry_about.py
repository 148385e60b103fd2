"""Owner, ticket, start and end of an entry, and the ticket of a request."""

from django.db import migrations, models

from tables import append_only

MODELS = ("alias", "accessrule", "virtualuser", "genericaddress", "mailerroute", "relaydomain", "localhostname")
KINDS = ("edit", "import", "baseline", "policy", "revert", "rollback", "take over", "bulk", "sweep", "schedule")


def _columns(name: str) -> list[migrations.AddField]:
    """Nullable and without a default, so that no table of a million rows is written anew."""
    return [
        migrations.AddField(name, "owner", models.TextField(blank=True, null=True)),
        migrations.AddField(name, "ticket", models.TextField(blank=True, null=True)),
        migrations.AddField(name, "starts", models.CharField(blank=True, max_length=20, null=True)),
        migrations.AddField(name, "ends", models.CharField(blank=True, max_length=20, null=True)),
    ]


def _indexes(name: str) -> list[migrations.AddIndex]:
    return [
        migrations.AddIndex(
            name,
            models.Index(
                condition=models.Q((f"{column}__isnull", False)), fields=["cluster", column], name=f"{name}_{column}"
            ),
        )
        for column in ("starts", "ends", "owner")
    ]


class Migration(migrations.Migration):

    dependencies = [("tables", "0023_index_gaps")]

    operations = [
        migrations.RunPython(append_only.let_go, migrations.RunPython.noop),
        migrations.AddField("changerequest", "ticket", models.CharField(blank=True, max_length=200)),
        migrations.AlterField(
            "changerequest",
            "kind",
            models.CharField(
                choices=[(kind, kind.title()) for kind in KINDS], default="edit", max_length=16
            ),
        ),
        *(operation for name in MODELS for operation in (*_columns(name), *_indexes(name))),
        migrations.RunPython(append_only.hold, migrations.RunPython.noop),
    ]
