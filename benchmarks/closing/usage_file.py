"""The recorded side of a case as native usage events, one JSON object a line (the shape of `POST /v1/usage`)."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from benchmarks.closing.month import Month, Recorded


def native_lines(month: Month) -> bytes:
    """Every recorded event, in the order of its time; fields that would be 0 or empty are left out."""
    ordered = sorted(month.recorded, key=lambda event: (event.at, event.id))
    return b"".join(_line(month, event) for event in ordered)


def _line(month: Month, event: Recorded) -> bytes:
    service, tokens = month.services[event.service], event.tokens
    told = {
        "id": event.id,
        "at": datetime.fromtimestamp(event.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "provider": month.provider,
        "model": event.model,
        "requests": event.requests,
        "input_tokens": tokens.input_total,
        "cache_read_tokens": tokens.read,
        "cache_write_tokens": tokens.write + tokens.write_1h,
        "cache_write_1h_tokens": tokens.write_1h,
        "input_audio_tokens": tokens.audio,
        "output_tokens": tokens.out + tokens.thought + tokens.audio_out,
        "reasoning_tokens": tokens.thought,
        "output_audio_tokens": tokens.audio_out,
        "web_searches": tokens.search,
        "response_id": event.response_id,
    }
    tags = {
        "feature": service.name,
        "team": service.team,
        "environment": service.environment,
        "project": service.project,
        **({"api_key": service.key} if month.shows_keys else {}),
        **event.tags,
    }
    kept = {name: value for name, value in told.items() if value not in (0, None) or name in ("input_tokens",)}
    return json.dumps({**kept, "tags": tags, "tier": event.tier}, separators=(",", ":")).encode() + b"\n"
