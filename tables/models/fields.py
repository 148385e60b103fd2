"""Fields that behave alike on both databases."""

from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    TextField = models.TextField[str, str]
else:
    TextField = models.TextField


class ByteOrderField(TextField):
    """Text that the database compares byte by byte, as Python and makemap do: ``C`` on PostgreSQL, SQLite's default."""

    def db_parameters(self, connection: Any) -> Any:
        parameters = super().db_parameters(connection)
        parameters["collation"] = "C" if connection.vendor == "postgresql" else None
        return parameters
