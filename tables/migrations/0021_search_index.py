from django.db import DatabaseError, migrations, models, transaction

from tables.searching import index

_EXTENSION = (
    "Searching needs PostgreSQL's extension pg_trgm, and it cannot be made here: {}. Install the package that has it "
    "(Debian: postgresql, elsewhere postgresql-contrib), or as the database's owner or a superuser say "
    "CREATE EXTENSION pg_trgm in this database; then run migrate again. Nothing was changed."
)
_MODELS = ("accessrule", "alias", "genericaddress", "localhostname", "mailerroute", "relaydomain", "virtualuser")


def make(_apps, editor):
    if editor.connection.vendor == "postgresql":
        try:
            with transaction.atomic(using=editor.connection.alias), editor.connection.cursor() as cursor:
                cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        except DatabaseError as error:
            raise SystemExit(_EXTENSION.format(str(error).splitlines()[0])) from error
    index.install(editor.connection)


def unmake(_apps, editor):
    index.remove(editor.connection)


class Migration(migrations.Migration):
    """The index of words. A later migration that has SQLite make a table of entries anew makes the index anew, too."""

    dependencies = [("tables", "0020_held_hosts")]
    operations = [
        *(
            migrations.AddIndex(
                model_name=name,
                index=models.Index(
                    condition=models.Q(enabled=False), fields=["cluster", "position", "key"], name=f"{name}_off"
                ),
            )
            for name in _MODELS
        ),
        migrations.RunPython(make, unmake),
    ]
