"""Lines of the log for programs: one JSON object each, with whatever the logger said beside the message."""

from pythonjsonlogger.json import JsonFormatter


def json_formatter() -> JsonFormatter:
    """``{"time": …, "level": …, "logger": …, "message": …, …}``; the time is UTC in ISO 8601."""
    return JsonFormatter(
        "{levelname}{name}{message}",
        style="{",
        timestamp="time",
        rename_fields={"levelname": "level", "name": "logger"},
    )
