"""Fields that behave alike on both databases."""

from typing import Any

from django.db import models


class ByteOrderField(models.TextField):
    """Text that the database compares byte by byte, as Python and makemap do (``C`` on PostgreSQL; SQLite does so anyway)."""

    def db_parameters(self, connection: Any) -> Any:
        parameters = super().db_parameters(connection)
        parameters["collation"] = "C" if connection.vendor == "postgresql" else None
        return parameters
