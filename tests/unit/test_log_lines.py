"""Lines of the log, for machines and for people."""

from __future__ import annotations

import json
import logging
import sys

from bot.log_lines import JsonLines, Readable
from bot.request_id import current


def test_a_line_of_the_log_carries_the_id_for_machines_and_for_people() -> None:
    record = logging.LogRecord("bot.delivery", logging.INFO, "", 1, "notice_delivered", (), None)
    record.__dict__["outbox_id"] = 7
    known = current.set("7KQ2-M9XB")
    try:
        fields = json.loads(JsonLines().format(record))
        line = Readable().format(record)
    finally:
        current.reset(known)

    assert (fields["event"], fields["request"], fields["outbox_id"]) == ("notice_delivered", "7KQ2-M9XB", 7)
    assert line.endswith("info    notice_delivered request=7KQ2-M9XB outbox_id=7")


def test_a_traceback_stays_with_its_line() -> None:
    try:
        raise ZeroDivisionError("by nought")
    except ZeroDivisionError:
        record = logging.LogRecord("bot", logging.ERROR, "", 1, "request_failed", (), sys.exc_info())

    assert "by nought" in json.loads(JsonLines().format(record))["traceback"]
    assert "by nought" in Readable().format(record)
