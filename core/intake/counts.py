"""Counts of one call as a source tells them, and how they become counts that add up.

Sources differ in whether input includes what came from a cache, and output what was reasoning. `settle` brings both to
Outlay's rule (totals include their parts) and says what it had to change.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from core.intake.values import whole
from core.usage import MAX_TOKENS, Quality, UsageEvent

TTL_UNKNOWN: Final = "the lifetime of cache writes is not told; they are counted as the shorter, cheaper one"
EXCLUSIVE: Final = "input was sent without the cached tokens; they were added"
REASONING_OUTSIDE: Final = "output was sent without reasoning; it was added"
REASONING_IN_TOTAL: Final = (
    "the total tells {rest:,} tokens more than input and output: reasoning, which was left out; it was added"
)
TOTAL_LARGER: Final = (
    "the total tells {rest:,} tokens more than input and output; what they were is not told, and they are not counted"
)
XAI_UNCLEAR: Final = (
    "xAI counts reasoning beside the output in chats and inside it in responses; which of them this was is not told"
)
IMAGES: Final = (
    "{images:,} of the tokens are images; they are priced as text, and some models charge another price for them"
)
NO_CACHE_SPLIT: Final = "the sender tells no cache split; all input is priced as uncached"
NO_USAGE: Final = "a successful call without usage; its tokens are unknown, not zero"
NO_USAGE_STREAM: Final = (
    "a streamed call without usage; its tokens are unknown, not zero. Ask for it with "
    'stream_options={"include_usage": true}'
)
NO_USAGE_DROPPED: Final = (
    "a streamed call whose usage was asked for, but the instrumentation leaves it out; its tokens are unknown, not zero"
)

CACHE_HIT: Final = "answered by LiteLLM's own cache; nothing was billed for it"
GUESSED_BY_LITELLM: Final = (
    "LiteLLM counted this stream with a local tokenizer, because it carried no usage; the counts are a guess"
)
US_ONLY: Final = "inference in the US only (inference_geo=us) costs 10 % more than the list price"
_UNCLEAR: Final = ("timeout", "timedout", "cancel", "disconnect", "connection", "closed", "abort", "midstream")
_CLASS: Final = re.compile(r"<class '([A-Za-z0-9_.]{1,200})'>")
"""How Python shows a class; semantic-kernel sends that."""
_NAME: Final = re.compile(r"[A-Za-z0-9_.\-]{1,80}")

_REASONING_APART: Final = frozenset({"google", "x-ai"})
"""Whose own output count leaves reasoning out, so that it is lost where a sender passes on nothing else."""
_TTL_PROVIDERS: Final = frozenset({"anthropic", "aws", "google", "openai"})
"""Where the lifetime of a cache write changes its price: 5 minutes or an hour, at OpenAI 30 minutes or 12 hours."""


class Counts(msgspec.Struct):
    """Counts as told; None = not told. All in tokens, `web_searches` in calls.

    Attributes:
      cached_audio: the part of `input_audio` that came from the cache.
      input_image, output_image: parts of the totals; they have no class of their own.
      total: input and output as the source adds them up; shows what the parts include.
      exclusive: the source is known to leave cached tokens out of `input`.
      reasoning_apart: the source is known to leave reasoning out of `output`.
      problems: sentences; `settle` adds to them.
      distrusted: a count was absurd (negative, not a number of tokens) and is left out.
    """

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    cache_write_5m: int | None = None
    cache_write_1h: int | None = None
    reasoning: int | None = None
    input_audio: int | None = None
    output_audio: int | None = None
    cached_audio: int | None = None
    input_image: int | None = None
    output_image: int | None = None
    web_searches: int | None = None
    total: int | None = None
    exclusive: bool = False
    reasoning_apart: bool = False
    problems: list[str] = []
    distrusted: bool = False

    def fill(self, other: Counts) -> None:
        """Take what is not told here from another description of the same call."""
        for name in _FILLED:
            if getattr(self, name) is None:
                setattr(self, name, getattr(other, name))


_FILLED: Final = (
    "input", "output", "cache_read", "cache_write", "cache_write_5m", "cache_write_1h", "reasoning", "input_audio",
    "output_audio", "cached_audio", "input_image", "output_image", "web_searches", "total",
)  # fmt: skip


class Settled(msgspec.Struct):
    """Counts that add up, with what is known about them."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cache_write_1h: int = 0
    reasoning: int = 0
    input_audio: int = 0
    output_audio: int = 0
    web_searches: int = 0
    quality: Quality = Quality.EXACT
    problems: list[str] = []
    ttl_known: bool = True

    def event(self, **labels: Any) -> UsageEvent:
        """The usage event with these counts; `labels` are its other fields."""
        return UsageEvent(
            input_tokens=self.input, output_tokens=self.output, cache_read_tokens=self.cache_read,
            cache_write_tokens=self.cache_write, cache_write_1h_tokens=self.cache_write_1h,
            reasoning_tokens=self.reasoning, input_audio_tokens=self.input_audio,
            output_audio_tokens=self.output_audio, web_searches=self.web_searches, **labels,
        )  # fmt: skip


def count(counts: Counts, name: str, value: object) -> None:
    """Take one count in; an absurd one is left out and said."""
    number = whole(value)
    if number == -1:
        counts.distrusted = True
        counts.problems.append(f"the {name.replace('_', ' ')} count is not a number of tokens; left out")
    elif number is not None:
        setattr(counts, name, number)


def told_nothing(counts: Counts) -> bool:
    """Whether the source tells no tokens; a usage of all zeros, or a total alone, tells nothing either."""
    if counts.input or counts.output or counts.cache_read or counts.cache_write:
        return False
    if counts.total:
        counts.problems.append("only a total of tokens is told, not how many were input and output")
    return True


def settle_plain(told: Mapping[str, Any]) -> Settled | None:
    """What `settle` makes of counts that fit together as they are told, by name; None where it has to look closer.

    Most calls are like this: totals that include their parts, no cache writes, nothing else. It is the hot path.
    """
    if not told.keys() <= _PLAIN:
        return None
    get = told.get
    read, sent, cached, thought = get("input"), get("output"), get("cache_read", 0), get("reasoning", 0)
    if not (type(read) is type(sent) is type(cached) is type(thought) is int):
        return None
    if not (0 < read <= MAX_TOKENS and 0 <= sent <= MAX_TOKENS and 0 <= cached <= read and 0 <= thought <= sent):
        return None
    return Settled(input=read, output=sent, cache_read=cached, reasoning=thought)


_PLAIN: Final = frozenset({"input", "output", "cache_read", "reasoning"})


def settle(counts: Counts, *, provider: str) -> Settled:
    """Counts that satisfy every rule of a usage event, with quality and problems."""
    settled = Settled(problems=counts.problems)
    written = counts.cache_write
    if counts.cache_write_5m is not None or counts.cache_write_1h is not None:
        split = (counts.cache_write_5m or 0) + (counts.cache_write_1h or 0)
        written = max(written or 0, split)
    settled.cache_read, settled.cache_write = counts.cache_read or 0, written or 0
    settled.cache_write_1h = min(counts.cache_write_1h or 0, settled.cache_write)
    settled.ttl_known = (
        not settled.cache_write or counts.cache_write_1h is not None or counts.cache_write_5m == settled.cache_write
    )
    if not settled.ttl_known and provider in _TTL_PROVIDERS:
        settled.problems.append(TTL_UNKNOWN)
    repaired = _settle_input(settled, counts)
    repaired |= _settle_output(settled, counts)
    settled.web_searches = counts.web_searches or 0
    if max(settled.input, settled.output) > MAX_TOKENS:
        problem = "the counts add up to more tokens than there can be; left out"
        return Settled(quality=Quality.MISSING, problems=[*settled.problems, problem])
    if repaired or counts.distrusted:
        settled.quality = Quality.REPAIRED
    _settle_rest(settled, counts, provider)
    return settled


def _settle_rest(settled: Settled, counts: Counts, provider: str) -> None:
    """What the total tells more than its parts, and what the parts cannot tell."""
    rest = (counts.total or 0) - settled.input - settled.output
    if rest > 0 and counts.input is not None and counts.output is not None:
        if provider in _REASONING_APART and not settled.reasoning:
            settled.output, settled.reasoning, settled.quality = settled.output + rest, rest, Quality.REPAIRED
            settled.problems.append(REASONING_IN_TOTAL.format(rest=rest))
        else:
            settled.quality = Quality.GUESSED
            settled.problems.append(TOTAL_LARGER.format(rest=rest))
    elif provider == "x-ai" and settled.reasoning and not counts.total and REASONING_OUTSIDE not in settled.problems:
        settled.quality = Quality.GUESSED
        settled.problems.append(XAI_UNCLEAR)
    images = (counts.input_image or 0) + (counts.output_image or 0)
    if images:
        settled.problems.append(IMAGES.format(images=images))


def _settle_input(settled: Settled, counts: Counts) -> bool:
    cached = settled.cache_read + settled.cache_write
    told = counts.input or 0
    parts = told + (counts.output or 0)
    apart = counts.exclusive or told < cached or (counts.total is not None and counts.total == parts + cached)
    settled.input = told
    repaired = False
    if cached and apart:
        settled.input = told + cached
        settled.problems.append(EXCLUSIVE)
        repaired = True
    audio = max((counts.input_audio or 0) - (counts.cached_audio or 0), 0)
    # Audio that was read from the cache is in both numbers; it is billed as cached.
    settled.input_audio = min(audio, settled.input - cached)
    return repaired


def _settle_output(settled: Settled, counts: Counts) -> bool:
    told, reasoning = counts.output or 0, counts.reasoning or 0
    settled.output, settled.reasoning = told, reasoning
    total = counts.total
    outside = (counts.reasoning_apart and reasoning > 0) or reasoning > told or (
        reasoning > 0 and total is not None and total in (settled.input + told + reasoning, (counts.input or 0) + told + reasoning)
    )  # fmt: skip
    if outside:
        settled.output = told + reasoning
        settled.problems.append(REASONING_OUTSIDE)
    settled.output_audio = min(counts.output_audio or 0, settled.output - reasoning)
    return outside


def failure(error: str, code: str = "") -> Settled:
    """A failed call: a request without tokens. One that broke off may have been billed all the same.

    Args:
      error: name of the error's class; anything else in its place is not repeated.
      code: HTTP status, if told.
    """
    if written := _CLASS.fullmatch(error):
        error = written[1]
    name = error.rpartition(".")[2] if _NAME.fullmatch(error) else ""
    shown = " ".join(part for part in (name, code if code.isdigit() and len(code) == 3 else "") if part)
    shown = f" ({shown})" if shown else ""
    if any(mark in name.lower() for mark in _UNCLEAR):
        problem = f"the call broke off{shown}; the provider may bill it all the same"
        return Settled(quality=Quality.MISSING, problems=[problem])
    return Settled(problems=[f"the call failed{shown}; a request without tokens"])
