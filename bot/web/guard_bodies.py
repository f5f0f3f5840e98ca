"""The guard's request and answer bodies, as the published interface has them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Final, TypeVar

import msgspec

from core.errors import OutOfRange, Unreadable
from core.holds import Ask
from core.intake.native import reason
from core.money import MAX_NANOS, decimal_string, nanos_from_decimal
from core.rates import Rate
from core.services.guard_orders import MAX_HOLD_SECONDS, Answered, Authorization, Leased, Settled
from core.usage import MAX_TAGS, Name, TagValue, TokenClasses, UsageEvent

MAX_WAIT_SECONDS: Final = 30.0

Body = TypeVar("Body")
_Tokens = Annotated[int, msgspec.Meta(ge=0)]
_Seconds = Annotated[int, msgspec.Meta(ge=1, le=MAX_HOLD_SECONDS)]
_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class AuthorizeBody(msgspec.Struct):
    """What a gateway tells of a request before it sends it. `tags` may stand for `workload`.

    `cache_write_tokens`, `cache_write_1h_tokens` (a part of it) and `input_audio_tokens` are parts of `input_tokens`;
    whoever knows that a prompt will be written to a cache says so, because that may cost more than plain input.
    """

    request_id: _Id
    provider: Name
    model: Name
    input_tokens: _Tokens = 0
    max_output_tokens: _Tokens | None = None
    workload: Name | None = None
    tags: Annotated[dict[Name, TagValue], msgspec.Meta(max_length=MAX_TAGS)] = {}
    tier: Annotated[str, msgspec.Meta(max_length=40)] = "standard"
    cache_write_tokens: _Tokens = 0
    cache_write_1h_tokens: _Tokens = 0
    input_audio_tokens: _Tokens = 0
    web_searches: _Tokens = 0
    ttl_seconds: _Seconds | None = None
    wait_seconds: Annotated[float, msgspec.Meta(ge=0, le=MAX_WAIT_SECONDS)] | None = None

    def order(self) -> Authorization:
        """Raises Unreadable for names with invisible characters, OutOfRange when the parts do not fit together."""
        for name in ("request_id", "provider", "model"):
            if not getattr(self, name).isprintable():
                raise Unreadable(f"{name} holds characters that cannot be seen.")
        plain = self.input_tokens - self.cache_write_tokens - self.input_audio_tokens
        classes = TokenClasses(
            input_uncached=plain, cache_write=self.cache_write_tokens - self.cache_write_1h_tokens,
            cache_write_1h=self.cache_write_1h_tokens, input_audio=self.input_audio_tokens, web_searches=self.web_searches,
        )  # fmt: skip
        ask = Ask(classes, self.max_output_tokens)
        tier = self.tier.lower() or "standard"
        return Authorization(
            self.request_id, self.provider, self.model, ask, self.workload, self.tags, tier, self.ttl_seconds
        )


class SettleBody(msgspec.Struct):
    """`usage` is a usage event; null or absent gives the money back, for a request that was never sent."""

    hold_id: _Id
    usage: dict[str, Any] | None = None


class Model(msgspec.Struct):
    provider: Name
    model: Name


class LeaseBody(msgspec.Struct):
    """`models` are those whose rates the answer should carry, so that the gateway can reckon by itself."""

    workload: Name
    usd: str | float
    ttl_seconds: _Seconds
    request_id: _Id | None = None
    models: Annotated[list[Model], msgspec.Meta(max_length=50)] = []


class LeaseSettleBody(msgspec.Struct):
    usage: Annotated[list[dict[str, Any]], msgspec.Meta(max_length=10_000)] = []


def decoded(decoder: msgspec.json.Decoder[Body], body: bytes) -> Body:
    """Raises Unreadable with the field and what is wrong with it."""
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as wrong:
        raise Unreadable(f"The body cannot be read: {reason(wrong)}.") from wrong


def dollars(value: str | float) -> int:
    """Nanos of an amount in dollars. Raises OutOfRange."""
    try:
        dollars = Decimal(str(value))
    except InvalidOperation:
        dollars = Decimal("NaN")
    if not dollars.is_finite() or not 0 < dollars <= MAX_NANOS:
        raise OutOfRange('usd has to be an amount in dollars above 0, like "5.00".')
    nanos = nanos_from_decimal(dollars)
    if not 0 < nanos <= MAX_NANOS:
        raise OutOfRange("usd has to be from 0.000000001 to 1,000,000,000.")
    return nanos


def answered(answer: Answered) -> dict[str, Any]:
    """`remaining_usd` is null without an envelope; `retry_after` (seconds) is set when money is only held."""
    return {
        "decision": answer.answer.value,
        "model": answer.model,
        "max_output_tokens": answer.max_output_tokens,
        "hold_id": answer.hold_id,
        "held_usd": decimal_string(answer.held_nanos),
        "remaining_usd": _optional(answer.remaining_nanos),
        "expires_at": answer.expires_at,
        "reason": answer.reason,
        "retry_after": answer.retry_seconds,
    }


def settled(done: Settled) -> dict[str, Any]:
    return {
        "charged_usd": decimal_string(done.charged_nanos),
        "returned_usd": decimal_string(done.returned_nanos),
        "recorded": done.recorded,
        "duplicates": done.duplicates,
    }


def leased(lease: Leased) -> dict[str, Any]:
    return {
        "lease_id": lease.lease_id,
        "granted_usd": decimal_string(lease.granted_nanos),
        "remaining_usd": _optional(lease.remaining_nanos),
        "expires_at": lease.expires_at,
        "reason": lease.reason,
    }


def told_rate(wanted: Model, rate: Rate | None) -> dict[str, Any]:
    """Nanos for `per` tokens in each band, as text where they pass 64 bits; null bands when the model would be denied."""
    bands = None
    if rate is not None:
        bands = [
            {"above": band.above, "per_request": str(band.per_request), **{k: str(v) for k, v in band.prices._asdict().items()}}
            for band in rate.bands
        ]  # fmt: skip
    return {"provider": wanted.provider, "model": wanted.model, "per": str(rate.per) if rate else None, "bands": bands}


def _optional(nanos: int | None) -> str | None:
    return None if nanos is None else decimal_string(nanos)


def schema(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """The OpenAPI description of a request body."""
    (plain,), components = msgspec.json.schema_components([kind], ref_template="#/{name}")
    found = components.get(kind.__name__, plain)
    if kind is LeaseBody:
        found["properties"]["models"]["items"] = components["Model"]
    if kind is SettleBody:
        (event,), parts = msgspec.json.schema_components([UsageEvent], ref_template="#/{name}")
        found["properties"]["usage"] = {"anyOf": [parts.get("UsageEvent", event), {"type": "null"}]}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": found}}}}
