"""The guard as a callback of the LiteLLM proxy: it lets a request through, swaps its model, or refuses it; and settles what it used.

    # outlay_guard.py, beside the proxy's config.yaml (litellm_settings: {callbacks: outlay_guard.guard})
    from bot.clients.litellm import BudgetGuard
    guard = BudgetGuard("http://127.0.0.1:8400", os.environ["OUTLAY_TOKEN"], workload="search-bot")

Written against the hooks of LiteLLM 1.109 (docs.litellm.ai/docs/proxy/call_hooks, November 2026). LiteLLM is no dependency of
Outlay: outside of a proxy the class works on its own, driven by whoever calls the hooks.
"""

from __future__ import annotations

import logging
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from bot.clients.guard import Decision, GuardClient, GuardRefused, Request, now_text
from bot.clients.litellm_usage import counts_of, is_guessed, stated_input, stated_output, tags_of, usage_of

if TYPE_CHECKING:
    CustomLogger = object
else:
    try:
        from litellm.integrations.custom_logger import CustomLogger
    except ImportError:
        CustomLogger = object

log = logging.getLogger(__name__)

GUARDED: Final = frozenset(
    {"completion", "acompletion", "text_completion", "atext_completion", "embeddings", "embedding", "aembedding", "responses",
     "aresponses", "anthropic_messages"}
)  # fmt: skip
"""The calls that are priced by tokens; others pass by."""
_MAX_OPEN: Final = 50_000
_REFUSED_STATUS: Final = 429


@dataclass(slots=True)
class _Open:
    """A request under way."""

    decision: Decision
    provider: str
    tags: Mapping[str, str]
    has_streamed: bool = False
    lacks_usage: bool = False


class Refused(Exception):
    """A request that the budget does not allow; LiteLLM answers with `status_code` and `message`."""

    def __init__(self, message: str, retry_after: float | None) -> None:
        super().__init__(message)
        self.message = message
        self.status_code = _REFUSED_STATUS
        self.type = "budget_exceeded"
        self.param = None
        self.headers = {} if retry_after is None else {"retry-after": f"{retry_after:g}"}


class BudgetGuard(CustomLogger):
    """The callback. One object per proxy process.

    Args:
      workload: the workload of everything that goes through this proxy; None leaves it to tags and Outlay's rules.
      models: what the proxy's model names stand for, as `provider/model`; a name with a slash in it needs no entry.
      provider: the provider of names that say none.
      fail_open: whether requests pass while the guard cannot be asked.
      asks_for_usage: make streams report their usage; without it LiteLLM guesses, and a guess settles nothing.
      client: another client than the plain one, such as one that shares its connections.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        workload: str | None = None,
        models: Mapping[str, str] | None = None,
        provider: str = "openai",
        fail_open: bool = False,
        asks_for_usage: bool = True,
        count_tokens: Callable[[Mapping[str, Any]], int] = stated_input,
        client: GuardClient | None = None,
    ) -> None:
        super().__init__()
        self._client = client or GuardClient(url, token, fail_open=fail_open)
        self._workload = workload
        self._models = dict(models or {})
        self._provider = provider
        self._asks_for_usage = asks_for_usage
        self._count_tokens = count_tokens
        self._open: OrderedDict[str, _Open] = OrderedDict()

    async def async_pre_call_hook(
        self, user_api_key_dict: Any, cache: Any, data: dict[str, Any], call_type: str
    ) -> dict[str, Any]:
        """Ask before the request is sent. Raises Refused, which reaches the caller as 429 with the guard's reason."""
        if call_type not in GUARDED:
            return data
        call_id = data.setdefault("litellm_call_id", str(uuid.uuid4()))
        provider, model = self._real(str(data.get("model", "")))
        choices = max(1, int(data.get("n") or 1))
        field, stated = stated_output(data, call_type)
        tags = tags_of(user_api_key_dict, data)
        request = Request(
            call_id, provider, model, self._count_tokens(data), None if stated is None else stated * choices, self._workload, tags
        )  # fmt: skip
        try:
            decision = await self._client.authorize(request)
        except GuardRefused as wrong:
            # A mistake in the set-up, not in the money: told, and the gateway's own fail mode would hide it.
            raise Refused(f"The budget guard cannot place this request: {wrong}", None) from wrong
        if not decision.is_allowed:
            raise Refused(decision.reason, decision.retry_after)
        self._apply(data, decision, model, field, choices)
        self._remember(call_id, _Open(decision, provider, tags, lacks_usage=self._lacks_usage(data, call_type)))
        return data

    async def async_log_success_event(
        self, kwargs: dict[str, Any], response_obj: Any, start_time: Any, end_time: Any
    ) -> None:
        """Settle an answer; a stream is settled once, by the answer that LiteLLM put together from it."""
        call_id = str(kwargs.get("litellm_call_id") or "")
        under_way = self._open.get(call_id)
        if under_way is None:
            return
        if (
            kwargs.get("stream")
            and response_obj is not None
            and kwargs.get("complete_streaming_response", response_obj) is None
        ):
            return  # a part of a stream; the whole comes last
        del self._open[call_id]
        if kwargs.get("cache_hit"):
            self._client.settle_later(under_way.decision, None)
            return
        usage = usage_of(response_obj, kwargs)
        if not usage or (under_way.lacks_usage and is_guessed(usage)):
            # Nobody knows what it used: the hold stays, and is charged in full when it expires.
            log.warning("usage_unknown", extra={"call_id": call_id})
            return
        self._client.settle_later(under_way.decision, self._event(call_id, under_way, usage, response_obj, kwargs))

    async def async_post_call_failure_hook(
        self,
        request_data: dict[str, Any],
        original_exception: Exception,
        user_api_key_dict: Any,
        traceback_str: str | None = None,
    ) -> None:
        """Give the money back when a request failed for good before it answered; a broken stream keeps its hold."""
        under_way = self._open.pop(str(request_data.get("litellm_call_id") or ""), None)
        if under_way is not None and not under_way.has_streamed:
            self._client.settle_later(under_way.decision, None)

    async def async_post_call_streaming_iterator_hook(
        self, user_api_key_dict: Any, response: Any, request_data: dict[str, Any]
    ) -> AsyncIterator[Any]:
        """Notice that an answer has begun, because from then on it costs something."""
        under_way = self._open.get(str(request_data.get("litellm_call_id") or ""))
        async for part in response:
            if under_way is not None:
                under_way.has_streamed = True
            yield part

    async def aclose(self) -> None:
        """Send what is still to be settled."""
        await self._client.aclose()

    def _real(self, name: str) -> tuple[str, str]:
        """(provider, model) behind a name of the proxy."""
        provider, slash, model = self._models.get(name, name).partition("/")
        return (provider, model) if slash else (self._provider, provider)

    def _named(self, provider: str, model: str) -> str:
        """The proxy's name for a model that the guard chose; the model's own when it has none."""
        wanted = (f"{provider}/{model}", model)
        return next(
            (name for name, real in self._models.items() if real in wanted or real.endswith(f"/{model}")), model
        )

    def _apply(self, data: dict[str, Any], decision: Decision, model: str, field: str, choices: int) -> None:
        """The answer's model and limit: the bound holds only with them."""
        if decision.model != model:
            data["model"] = self._named(self._provider, decision.model)
        if decision.max_output_tokens is not None and decision.is_guarded and field:
            data[field] = max(1, decision.max_output_tokens // choices)
        if self._asks_for_usage and data.get("stream") and field in ("max_tokens", "max_completion_tokens"):
            data["stream_options"] = {**(data.get("stream_options") or {}), "include_usage": True}

    def _lacks_usage(self, data: Mapping[str, Any], call_type: str) -> bool:
        """Whether this is a chat stream that was not asked to report its usage."""
        options = data.get("stream_options") or {}
        return bool(data.get("stream")) and "completion" in call_type and not options.get("include_usage")

    def _event(
        self, call_id: str, under_way: _Open, usage: Mapping[str, Any], response: Any, kwargs: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The usage event. Its id is the call id, as in LiteLLM's own exports: sent under one token, it counts once."""
        told = kwargs.get("standard_logging_object") or {}
        # The model that answered, which a fallback of the proxy may have changed.
        answered = str(told.get("model") or under_way.decision.model)
        provider = told.get("custom_llm_provider") or under_way.provider
        response_id = getattr(response, "id", None)
        return {
            "id": call_id,
            "at": now_text(),
            "provider": provider,
            "model": answered.removeprefix(f"{provider}/"),
            "tags": dict(under_way.tags),
            "response_id": response_id if isinstance(response_id, str) and len(response_id) <= 200 else None,
            **counts_of(usage),
        }

    def _remember(self, call_id: str, under_way: _Open) -> None:
        self._open[call_id] = under_way
        while len(self._open) > _MAX_OPEN:
            self._open.popitem(last=False)
