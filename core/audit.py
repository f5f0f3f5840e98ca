"""The audit chain: every change carries the hash of the one before, so that none can be altered unnoticed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

GENESIS: Final = "0" * 64


def digest(previous: str, *, at: datetime, actor: str, act: str, subject: str, detail: Mapping[str, object]) -> str:
    """SHA-256 over the previous digest and the entry in canonical JSON (sorted keys, no spaces, UTC instants)."""
    body = json.dumps(
        [previous, at.astimezone(UTC).isoformat(), actor, act, subject, detail],
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    )
    return hashlib.sha256(body.encode()).hexdigest()


def first_break(entries: Iterable[tuple[int, str, Mapping[str, object]]]) -> int | None:
    """The number of the first entry that does not fit, or None.

    `entries` in order from 1, each as (seq, stored digest, fields of `digest`); a gap in the numbers is a break too.
    """
    previous = GENESIS
    for expected, (seq, stored, fields) in enumerate(entries, start=1):
        if seq != expected or digest(previous, **fields) != stored:  # type: ignore[arg-type]
            return expected
        previous = stored
    return None
