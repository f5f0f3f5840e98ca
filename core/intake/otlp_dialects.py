"""Who wrote a span, how far it is trusted, and where it is known to lie.

The facts were observed against one server with known counts (usage-formats §1.4 and §1.5, November 2026); `seen` is the
version they were observed in. A library that has not been seen is taken at the conventions' word.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from core.intake.counts import GUESSED_BY_LITELLM, Counts
from core.intake.record import Trust
from core.usage import Quality

Doubt = tuple[Quality, str] | None
"""A quality that the counts cannot exceed, and the sentence that says why."""


BEDROCK_WITHOUT_CACHE: Final = (
    "no cached tokens are told; the input has none of them in, and is too small if there were any"
)


class Told(NamedTuple):
    """What a span says of a call beside its counts; model and operation as they were sent."""

    provider: str
    model: str
    operation: str
    streamed: bool


@dataclass(frozen=True, slots=True)
class Dialect:
    """What is known about one emitter.

    Attributes:
      scopes: starts of the instrumentation scope's name; the longest match wins.
      seen: version the facts below are from.
      tells_cache: cached tokens are told whenever there are some, so their absence means none.
      reasoning_apart: providers whose `output` it sends without the reasoning.
      exclusive: providers whose `input` it sends without the cached tokens.
      doubt: judges the counts of one span, given (call, counts).
    """

    name: str
    scopes: tuple[str, ...]
    trust: Trust
    seen: str = ""
    tells_cache: bool = False
    exclusive: frozenset[str] = frozenset()
    doubt: Callable[[Told, Counts], Doubt] | None = None
    reasoning_apart: frozenset[str] = frozenset()


def _openlit(call: Told, counts: Counts) -> Doubt:
    if not call.streamed:
        return None
    if call.provider == "anthropic" and not (counts.cache_read or counts.cache_write):
        return Quality.GUESSED, "OpenLIT loses the cached tokens of streamed Anthropic calls; input is too small if any"
    if call.provider != "anthropic" and counts.cache_read is None:
        return (
            Quality.GUESSED,
            "OpenLIT counted this stream itself, because it carried no usage; the counts are a guess",
        )
    return None


def _openlit_vertex(_call: Told, _counts: Counts) -> Doubt:
    return Quality.PARTIAL, "OpenLIT leaves out what Vertex models think; output is too small if this one thought"


def _traceloop_anthropic(call: Told, _counts: Counts) -> Doubt:
    if not call.streamed:
        return None
    return Quality.GUESSED, "OpenLLMetry adds a stream's first output count to the final one; output is slightly high"


def _litellm(call: Told, counts: Counts) -> Doubt:
    if call.streamed and counts.cache_read is None and counts.cache_write is None:
        return Quality.GUESSED, GUESSED_BY_LITELLM
    return None


def _bedrock(_call: Told, counts: Counts) -> Doubt:
    """Bedrock's own input is what was not cached; of an answer to InvokeModel the instrumentations read nothing else."""
    if counts.cache_read is None and counts.cache_write is None:
        return Quality.PARTIAL, BEDROCK_WITHOUT_CACHE
    return None


def _botocore(call: Told, counts: Counts) -> Doubt:
    family = next((name for name in ("cohere", "mistral") if f"{name}." in call.model), None)
    if family and "completion" in call.operation:
        return Quality.GUESSED, "the instrumentation takes six characters for a token with this model; a guess"
    return _bedrock(call, counts)


DIALECTS: Final = (
    Dialect("Anthropic SDK", ("com.anthropic.",), Trust.PROVIDER_SDK, "2.12.0", True),
    Dialect("Claude Code", ("com.anthropic.claude_code",), Trust.PROVIDER_SDK, "", True, frozenset({"anthropic"})),
    Dialect("OpenAI SDK", ("com.openai.",), Trust.PROVIDER_SDK),
    Dialect("pydantic-ai", ("pydantic-ai", "pydantic_ai"), Trust.PYDANTIC_AI, "2.68.0", True),
    Dialect(
        "OpenTelemetry GenAI", ("opentelemetry.instrumentation.genai.", "opentelemetry.util.genai"),
        Trust.OFFICIAL_OTEL, "1.3b0", True,
    ),
    Dialect(
        "OpenTelemetry",
        ("opentelemetry.instrumentation.openai_v2", "opentelemetry.instrumentation.openai_agents_v2",
         "io.opentelemetry.",
         "@opentelemetry/", "opentelemetry.instrumentation.vertexai_v2"),
        Trust.OFFICIAL_OTEL,
    ),
    Dialect("OpenTelemetry", ("opentelemetry.instrumentation.google_genai",), Trust.OFFICIAL_OTEL, "1.3b0", True),
    Dialect(
        "OpenTelemetry", ("opentelemetry.instrumentation.botocore",), Trust.OFFICIAL_OTEL, "0.66b2", False,
        frozenset({"aws"}), _botocore,
    ),
    Dialect("Agent Development Kit", ("gcp.vertex.agent",), Trust.OTHER, "2.13.0", True),
    Dialect(
        "OpenLLMetry", ("opentelemetry.instrumentation.bedrock",), Trust.TRACELOOP, "0.62.4", False,
        frozenset({"aws"}), _bedrock,
    ),
    Dialect(
        "OpenLLMetry", ("opentelemetry.instrumentation.", "@traceloop/", "traceloop."), Trust.TRACELOOP, "0.62.4", False
    ),
    Dialect("OpenLLMetry", ("opentelemetry.instrumentation.openai",), Trust.TRACELOOP, "0.62.4", True),
    Dialect(
        "OpenLLMetry",
        ("opentelemetry.instrumentation.anthropic", "@traceloop/instrumentation-anthropic"),
        Trust.TRACELOOP, "0.62.4", True, doubt=_traceloop_anthropic,
    ),
    Dialect(
        "OpenInference", ("openinference.", "@arizeai/openinference"), Trust.OPENINFERENCE, "0.1.66, 3.1.0", True
    ),
    Dialect(
        "OpenInference", ("openinference.instrumentation.bedrock",), Trust.OPENINFERENCE, "0.1.61", False, doubt=_bedrock
    ),
    Dialect("Logfire", ("logfire",), Trust.LOGFIRE, "5.2.0"),
    Dialect("Vercel AI SDK", ("ai",), Trust.VERCEL, "6.0.326", True),
    Dialect("LiteLLM", ("litellm",), Trust.LITELLM, "1.109.1", doubt=_litellm),
    Dialect("OpenLIT", ("openlit",), Trust.OPENLIT, "1.45.0", True, frozenset({"anthropic", "aws"}), _openlit,
            frozenset({"google"})),
    Dialect("OpenLIT", ("openlit.instrumentation.vertexai",), Trust.OPENLIT, "1.45.0", True, doubt=_openlit_vertex),
    Dialect("Langfuse", ("langfuse",), Trust.OTHER),
)  # fmt: skip
OTHER: Final = Dialect("unknown", (), Trust.OTHER)


@lru_cache(maxsize=1024)
def dialect_of(scope: str) -> Dialect:
    """The dialect of an instrumentation scope by its name. `ai` stands for itself only."""
    found, length = OTHER, 0
    for dialect in DIALECTS:
        for start in dialect.scopes:
            fits = scope == start if start == "ai" else scope.startswith(start)
            if fits and len(start) > length:
                found, length = dialect, len(start)
    return found
