"""A line of the log for programs is one JSON object, with all that the logger said beside the message."""

import json
import logging

from mailadmin.logs import json_formatter


def test_a_line_is_one_json_object() -> None:
    record = logging.LogRecord(
        "mailadmin.publisher", logging.INFO, "x.py", 1, "%s: %s", ("release 1", "build\nok"), None
    )
    record.step, record.seconds = "build", 0.25
    line = json_formatter().format(record)
    assert "\n" not in line
    told = json.loads(line)
    assert told.pop("time").endswith("+00:00")
    assert told == {
        "level": "INFO",
        "logger": "mailadmin.publisher",
        "message": "release 1: build\nok",
        "step": "build",
        "seconds": 0.25,
    }


def test_an_error_brings_its_traceback() -> None:
    try:
        raise ValueError("why")
    except ValueError as error:
        record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "bad", (), (type(error), error, error.__traceback__))
    assert "ValueError: why" in json.loads(json_formatter().format(record))["exc_info"]
