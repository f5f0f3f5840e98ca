"""Coding agents over OTLP logs: Claude Code's, Codex's and the Gemini CLI's requests to their models (usage-formats §1.8).

The agents also send metrics and some of them spans for the same calls; of those only one may be taken, and it is this.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from core.errors import Unreadable
from core.intake import labels
from core.intake.counts import NO_USAGE, Counts, Settled, count, failure, settle, told_nothing
from core.intake.otlp import NO_LIST, tells_nothing
from core.intake.otlp_json import json_logs
from core.intake.otlp_protobuf import protobuf_logs
from core.intake.otlp_span import Log
from core.intake.record import NO_TIME, Record, Taken, Trust
from core.intake.values import digest, from_unix, moment, reported_dollars, text
from core.usage import Quality

ESTIMATE: Final = "the agent's cost is an estimate at list price; on a subscription nothing is billed"


@dataclass(frozen=True, slots=True)
class Agent:
    """How one agent reports a request.

    Attributes:
      event: full name of the event; `event.name` may carry it without the part before the dot.
      counts: name of a count → attribute.
      exclusive: cached tokens are not in its input.
      apart: counts that have to be added to output (`reasoning`) and input (`tool`).
    """

    name: str
    event: str
    provider: str
    counts: tuple[tuple[str, str], ...]
    exclusive: bool = False
    thoughts_apart: bool = False


_AGENTS: Final = (
    Agent(
        "Claude Code", "claude_code.api_request", "anthropic",
        (("input", "input_tokens"), ("output", "output_tokens"), ("cache_read", "cache_read_tokens"),
         ("cache_write", "cache_creation_tokens")), exclusive=True,
    ),
    Agent(
        "Codex", "codex.sse_event", "openai",
        (("input", "input_token_count"), ("output", "output_token_count"), ("cache_read", "cached_token_count"),
         ("reasoning", "reasoning_token_count")),
    ),
    Agent(
        "Gemini CLI", "gemini_cli.api_response", "google",
        (("input", "input_token_count"), ("output", "output_token_count"), ("cache_read", "cached_content_token_count"),
         ("reasoning", "thoughts_token_count")), thoughts_apart=True,
    ),
)  # fmt: skip
_BY_EVENT: Final = {agent.event: agent for agent in _AGENTS}
_CLAUDE_CODE: Final = ("claude-code", "claude_code", "com.anthropic.claude_code")
"""Service and scope of Claude Code, whose events may come under their short names; the service may be renamed."""
_FAILED: Final = {"claude_code.api_error": _AGENTS[0]}


def read(body: bytes, *, received_at: datetime, is_json: bool | None = None) -> Taken:
    """Read an `ExportLogsServiceRequest`, already decompressed. Other log records are counted in `ignored`.

    Args:
      received_at: aware; books requests that carry no usable time.
      is_json: by the content type; None looks at the first byte.

    Raises:
      Unreadable: not such a request.
      TooLarge: more records than `otlp_span.MAX_SPANS`.
    """
    taken = Taken()
    index = 0
    if is_json is None:
        is_json = body[:64].lstrip()[:1] == b"{"
    for scope in json_logs(body) if is_json else protobuf_logs(body):
        tags = labels.tags_of(scope.resource.items())
        service = text(scope.resource.get("service.name"))
        for encoded in scope.logs:
            try:
                log = scope.decode(encoded)
            except Unreadable as wrong:
                taken.refused.append((index, wrong.message))
            else:
                agent, failed = _agent(log, service, scope.name)
                if agent and (record := _record(log, agent, failed=failed, tags=tags, received_at=received_at)):
                    taken.records.append(record)
                else:
                    taken.ignored += 1
            index += 1
    if is_json and not index and tells_nothing(body, "resourceLogs"):
        taken.problems.append(NO_LIST.format(what="log records", name="resourceLogs"))
    return taken


def _agent(log: Log, service: str, scope: str) -> tuple[Agent | None, bool]:
    """The agent whose request a log record is, and whether it failed; None for all other records."""
    event = text(log.values.get("event.name"))
    names = [event, log.name]
    if service in _CLAUDE_CODE or scope.startswith(_CLAUDE_CODE):
        names.append(f"claude_code.{event}")
    agent = next((found for name in names if (found := _BY_EVENT.get(name))), None)
    failed = next((found for name in names if (found := _FAILED.get(name))), None)
    return agent or failed, agent is None and failed is not None


def _record(log: Log, agent: Agent, *, failed: bool, tags: dict[str, str], received_at: datetime) -> Record | None:
    values = log.values
    counts = Counts()
    for name, attribute in agent.counts:
        count(counts, name, values.get(attribute))
    if failed:
        settled = failure(text(values.get("error")), str(values.get("status_code") or ""))
    elif told_nothing(counts):
        if agent.name == "Codex":
            # One call is many stream events; only the last carries counts.
            return None
        settled = Settled(quality=Quality.MISSING, problems=[*counts.problems, NO_USAGE])
    else:
        settled = settle(_inclusive(counts, agent, values), provider=agent.provider)
    seconds, rest = divmod(log.time, 1_000_000_000)
    at = from_unix(seconds)
    at = at.replace(microsecond=rest // 1_000) if at else moment(values.get("event.timestamp"))
    if at is None:
        settled.problems.append(NO_TIME)
    cost = reported_dollars(values.get("cost_usd"))
    if cost:
        settled.problems.append(ESTIMATE)
    key = _key(log)
    event = settled.event(
        id=key, at=at or received_at, provider=agent.provider, model=labels.model_name(text(values.get("model"))),
        tags=tags, tier="fast" if text(values.get("speed")) == "fast" else "standard",
        response_id=labels.id_text(values.get("response_id")), cost_reported=cost,
    )  # fmt: skip
    return Record(
        event=event, quality=settled.quality, problems=tuple(settled.problems), source_key=key,
        trust=Trust.PROVIDER_SDK, emitter=agent.name, failed=failed, ttl_known=settled.ttl_known, tier_known="speed" in values,
    )  # fmt: skip


def _inclusive(counts: Counts, agent: Agent, values: dict[str, Any]) -> Counts:
    """The agent's way of counting is known, so adding its parts up is reading them, not repairing them."""
    if agent.exclusive:
        counts.input = (counts.input or 0) + (counts.cache_read or 0) + (counts.cache_write or 0)
    if agent.thoughts_apart:
        tools = Counts()
        count(tools, "input", values.get("tool_token_count"))
        counts.input = (counts.input or 0) + (tools.input or 0)
        counts.output = (counts.output or 0) + (counts.reasoning or 0)
    return counts


def _key(log: Log) -> str:
    """(session, sequence, time), or a digest where the agent numbers nothing.

    A session that is resumed keeps its id and counts from the beginning again; only the time tells the two apart.
    """
    values = log.values
    session = text(values.get("session.id")) or text(values.get("conversation.id"))
    sequence = values.get("event.sequence")
    if session and len(session) < 100 and isinstance(sequence, int | str) and len(str(sequence)) < 20:
        return f"{session}/{sequence}/{log.time or text(values.get('event.timestamp'))}"
    return digest(session, log.name, log.time, sorted(values.items(), key=str))
