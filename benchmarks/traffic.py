"""Usage events as gateways send them: one a request, in time order, of a few models and a few dozen label sets."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

MODELS = (
    ("openai", "gpt-4.1"),
    ("openai", "gpt-5.1"),
    ("anthropic", "claude-sonnet-4-5"),
    ("google", "gemini-2.5-pro"),
)
PER_SECOND = 60
END = datetime(2026, 11, 17, 10, tzinfo=UTC)


def events(count: int, *, seed: int = 7, salt: str = "") -> Iterator[dict[str, Any]]:
    """Events that end at `END`, `PER_SECOND` of them a second, each with an id that only this seed and salt give."""
    draw = random.Random(seed)
    start = END - timedelta(seconds=count / PER_SECOND)
    for number in range(count):
        provider, model = draw.choice(MODELS)
        at = start + timedelta(seconds=number / PER_SECOND, milliseconds=draw.randrange(2_000))
        size = draw.randrange(200, 6_000)
        yield {
            "id": f"req-{draw.getrandbits(64):016x}{salt}", "at": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "provider": provider, "model": model, "requests": 1,
            "input_tokens": size, "cache_read_tokens": size // 3, "cache_write_tokens": 0, "cache_write_1h_tokens": 0,
            "output_tokens": draw.randrange(20, 900), "reasoning_tokens": 0,
            "tags": {
                "feature": f"feature-{draw.randrange(10)}", "team": f"team-{draw.randrange(4)}",
                "environment": "production", "customer": draw.choice(("free", "pro", "enterprise")),
            },
            "tier": "standard", "response_id": f"chatcmpl-{number}{salt}",
        }  # fmt: skip


def bodies(count: int, *, size: int, seed: int = 7, salt: str = "") -> list[bytes]:
    """The same as JSON request bodies of `size` events each."""
    found, batch = [], []
    for event in events(count, seed=seed, salt=salt):
        batch.append(event)
        if len(batch) == size:
            found.append(msgspec.json.encode(batch))
            batch = []
    if batch:
        found.append(msgspec.json.encode(batch))
    return found
