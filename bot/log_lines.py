"""Log lines: JSON for machines, one readable line in a terminal; both with the id of the request that caused them."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Any, Final

from prometheus_client import Counter

from bot import request_id

_PLAIN: Final = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_EVENT: Final = re.compile(r"[a-z][a-z0-9_]{2,48}")
_MOST_EVENTS: Final = 200
"""Event names counted apart; ours are some seventy, all written down in the code."""

LOGGED = Counter("outlay_logged_total", "Events in the log by name and level", ["event", "level"])


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """What was given as `extra`, and the request's id where there is one."""
    fields = {name: value for name, value in record.__dict__.items() if name not in _PLAIN}
    known = request_id.current.get()
    return {"request": known, **fields} if known else fields


class JsonLines(logging.Formatter):
    """One JSON object a line: when, level, event, and the fields given as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        fields |= fields_of(record)
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return json.dumps(fields, default=str, ensure_ascii=False)


class Readable(logging.Formatter):
    """The same for a person: `09:14:03 info    notice_delivered outbox_id=7`."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        fields = " ".join(f"{name}={value}" for name, value in fields_of(record).items())
        line = f"{at:%H:%M:%S} {record.levelname.lower():<7} {record.getMessage()} {fields}".rstrip()
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class CountEvents(logging.Handler):
    """Counts what our own code logs by its name, so that whatever is worth a line can be watched. The number of names is bounded."""

    def __init__(self) -> None:
        super().__init__()
        self._names: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        name = str(record.msg)
        if record.name.partition(".")[0] not in ("bot", "core") or not _EVENT.fullmatch(name):
            return
        if name not in self._names:
            if len(self._names) >= _MOST_EVENTS:
                name = "other"
            self._names.add(name)
        LOGGED.labels(name, record.levelname.lower()).inc()


def _is_news(record: logging.LogRecord) -> bool:
    return "`token` will be unused" not in record.getMessage()


def log_to_stderr(level: int = logging.INFO) -> None:
    """Send everything from `level` up to stderr; libraries from warning up."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Readable() if sys.stderr.isatty() else JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler, CountEvents()], force=True)
    # Bolt finds SLACK_BOT_TOKEN in the environment by itself and warns that the client given to it goes before that.
    logging.getLogger("outlay.bolt").addFilter(_is_news)
    for ours in ("bot", "core", "sandbox"):
        logging.getLogger(ours).setLevel(level)
