"""The true month: what each service of an invented company called, call by call, with a week's and a day's rhythm."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Final, NamedTuple

from benchmarks.closing.prices import LONG_ABOVE, Tokens

HOUR: Final = 3600
DAY: Final = 86_400
_HOURS: Final = (1, 1, 1, 1, 1, 2, 3, 5, 8, 10, 10, 10, 9, 10, 10, 9, 8, 7, 5, 4, 3, 2, 2, 1)
_NAMES: Final = (
    "search", "support", "drafts", "triage", "reports", "onboarding", "translate", "codegen", "notes", "ranking",
    "tickets", "catalog",
)  # fmt: skip
_MODELS: Final = {
    "openai": ("gpt-5.1", "gpt-5.5", "gpt-5.4", "gpt-4.1", "gpt-6-sol", "gpt-5-mini", "gpt-5.1", "gpt-4.1"),
    "anthropic": (
        "claude-sonnet-4-5", "claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-4-5", "claude-sonnet-4-5",
        "claude-opus-5-5",
    ),
}  # fmt: skip
REASONS: Final = ("gpt-5.1", "gpt-5.5", "gpt-5.4", "gpt-6-sol", "gpt-5-mini", "claude-opus-5-5", "claude-sonnet-5-5")
AUDIO: Final = "gpt-realtime"


@dataclass(frozen=True, slots=True)
class Service:
    """One thing that calls a model: where it is booked, how often it calls and what a call is like.

    Attributes:
      project, key: the provider's ids of project (or workspace) and API key.
      per_day: calls on an ordinary working day.
      shape: mean tokens of a call.
      weekend: calls on a weekend day as a share of a working day's.
      growth: how much more it calls at the month's end than at its start, as a share.
      gives_ids: whether its records carry the provider's response id.
    """

    name: str
    team: str
    environment: str
    project: str
    key: str
    model: str
    per_day: float
    shape: Tokens
    weekend: float
    growth: float
    gives_ids: bool


class Call(NamedTuple):
    """One call; `at` is its end in Unix seconds."""

    at: int
    service: int
    tokens: Tokens


def services_of(provider: str, rng: Random) -> list[Service]:
    """Five to nine services in three to five projects; among them one with very long inputs, at OpenAI one with audio."""
    count, weight = rng.randint(5, 9), rng.choice((1, 1, 2, 3))
    prefix = "proj" if provider == "openai" else "wrkspc"
    projects = [f"{prefix}_{word}" for word in rng.sample(("core", "growth", "ops", "labs", "data"), rng.randint(3, 5))]
    found = []
    for index, name in enumerate(rng.sample(_NAMES, count)):
        model = rng.choice(_MODELS[provider])
        if index == 0:
            model = rng.choice([known for known in _MODELS[provider] if known in LONG_ABOVE])
        if index == 1 and provider == "openai":
            model = AUDIO
        project = projects[index % len(projects)]
        shape = _shape(provider, model, rng, is_long=index == 0, weight=weight)
        found.append(
            Service(
                name, f"team-{project.split('_')[1]}", rng.choice(("production", "production", "staging")), project,
                f"key_{name}", model, rng.uniform(6, 26) * (0.35 if index == 0 else 1), shape, rng.uniform(0.15, 0.6),
                rng.uniform(-0.1, 0.4), rng.random() < 0.75,
            )
        )  # fmt: skip
    return found


def _shape(provider: str, model: str, rng: Random, *, is_long: bool, weight: int) -> Tokens:
    if model == AUDIO:
        counts = (rng.randint(low, 3 * low) * weight for low in (2_000, 2_000, 250, 900))
        return Tokens(**dict(zip(("text", "audio", "out", "audio_out"), counts, strict=True)))
    size = LONG_ABOVE[model] if is_long else rng.randint(9_000, 45_000) * weight
    caches = rng.random() < 0.8
    read = int(size * rng.uniform(0.25, 0.75)) if caches else 0
    writes = caches and (provider == "anthropic" or model.startswith("gpt-6"))
    written = int(size * rng.uniform(0.05, 0.2)) if writes else 0
    hourly = written if provider == "anthropic" and rng.random() < 0.5 else 0
    out = rng.randint(700, 4_000) * weight
    thought = int(out * rng.uniform(0.8, 3)) if model in REASONS else 0
    searches = rng.choice((0, 0, 1, 2)) if not is_long else 0
    return Tokens(size - read - written, read, written - hourly, hourly, 0, out, thought, 0, searches)


def calls_of(services: list[Service], first: date, rng: Random) -> list[Call]:
    """Every call of the month that starts on `first`, and of the day before and after it (UTC), in time order."""
    days = monthrange(first.year, first.month)[1]
    found = [
        Call(at, index, _varied(service.shape, rng))
        for index, service in enumerate(services)
        for at in _times(service, first, days, rng)
    ]
    found.sort()
    return found


def _times(service: Service, first: date, days: int, rng: Random) -> Iterator[int]:
    for number in range(-1, days + 1):
        day = first + timedelta(days=number)
        rhythm = service.weekend if day.weekday() >= 5 else 1.0
        mean = service.per_day * rhythm * (1 + service.growth * number / days)
        count = max(0, round(rng.gauss(mean, mean**0.5)))
        midnight = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
        for hour in rng.choices(range(24), _HOURS, k=count):
            yield midnight + hour * HOUR + rng.randrange(HOUR)


def _varied(shape: Tokens, rng: Random) -> Tokens:
    """A call around the shape: its input as a whole and its output vary; searches are as many or none."""
    wide, narrow = rng.uniform(0.55, 1.55), rng.uniform(0.5, 1.6)
    text, read, write, write_1h, audio, out, thought, audio_out, search = shape
    return Tokens(
        int(text * wide * rng.uniform(0.8, 1.25)), int(read * wide), int(write * wide), int(write_1h * wide),
        int(audio * wide), int(out * narrow), int(thought * narrow), int(audio_out * narrow),
        search if rng.random() < 0.5 else 0,
    )  # fmt: skip
