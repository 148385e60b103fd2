"""What a service refuses, as the next page says it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.http import HttpRequest

from tables.errors import ChangeError, Forbidden


@contextmanager
def told(request: HttpRequest) -> Iterator[None]:
    """What cannot go on becomes a message, and the rest of the block does not happen; what is forbidden stays a 403."""
    try:
        yield
    except Forbidden:
        raise
    except ChangeError as error:
        messages.error(request, str(error))
