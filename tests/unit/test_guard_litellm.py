"""The LiteLLM callback, driven through the hooks that its documentation names (proxy call hooks and custom loggers, 1.109)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from bot.clients.guard import Decision, GuardClient, GuardRefused, Request
from bot.clients.litellm import BudgetGuard, Refused
from bot.clients.litellm_usage import counts_of, stated_input, tags_of

KEY = SimpleNamespace(team_alias="Search", team_id="team-1", end_user_id=None)
USAGE = {
    "prompt_tokens": 2006, "completion_tokens": 300, "total_tokens": 2306,
    "prompt_tokens_details": {"cached_tokens": 1920}, "completion_tokens_details": {"reasoning_tokens": 192},
}  # fmt: skip
MODELS = {"big": "openai/gpt-4.1", "small": "openai/gpt-4.1-mini"}


class Recorded(GuardClient):
    """A client that answers without a guard and notes what it is told."""

    def __init__(self, decision: str = "allow", **fields: Any) -> None:
        super().__init__("http://127.0.0.1:9", "t")
        self.fields = {"model": None, "max_output_tokens": 100, "reason": "", **fields}
        self.decision = decision
        self.asked: list[Request] = []
        self.settled: list[Mapping[str, Any] | None] = []

    async def authorize(self, request: Request) -> Decision:
        self.asked.append(request)
        fields = {**self.fields, "model": self.fields["model"] or request.model}
        return Decision(self.decision, hold_id=None if self.decision == "deny" else "h-1", **fields)

    def settle_later(self, decision: Decision, usage: Mapping[str, Any] | None) -> None:
        self.settled.append(usage)


def a_callback(client: GuardClient, **fields: Any) -> BudgetGuard:
    return BudgetGuard("", "", client=client, models=MODELS, workload="search-bot", **fields)


def a_call(**fields: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": "a" * 300}]
    return {"model": "big", "messages": messages, "litellm_call_id": "c-1", "max_tokens": 100, "metadata": {}, **fields}


def an_answer(usage: Mapping[str, Any] | None = None) -> SimpleNamespace:
    return SimpleNamespace(id="chatcmpl-1", usage=USAGE if usage is None else usage)


async def let_through(callback: BudgetGuard, data: dict[str, Any], call_type: str = "completion") -> dict[str, Any]:
    return await callback.async_pre_call_hook(KEY, None, data, call_type)


async def test_a_request_is_let_through_and_settled_from_its_answer() -> None:
    client = Recorded()
    callback = a_callback(client)

    data = await let_through(callback, a_call())
    await callback.async_log_success_event({"litellm_call_id": "c-1"}, an_answer(), None, None)

    (asked,), (event,) = client.asked, client.settled
    assert (asked.request_id, asked.provider, asked.model, asked.max_output_tokens) == ("c-1", "openai", "gpt-4.1", 100)
    assert (asked.workload, asked.tags) == ("search-bot", {"team": "Search"})
    assert data["model"] == "big"
    assert event is not None
    assert {name: event[name] for name in ("id", "response_id", "provider", "model")} == {
        "id": "c-1", "response_id": "chatcmpl-1", "provider": "openai", "model": "gpt-4.1"
    }  # fmt: skip
    assert (event["input_tokens"], event["cache_read_tokens"]) == (2006, 1920)
    assert (event["output_tokens"], event["reasoning_tokens"]) == (300, 192)


async def test_a_degraded_request_goes_to_the_proxys_name_of_the_cheaper_model() -> None:
    data = await let_through(a_callback(Recorded("degrade", model="gpt-4.1-mini", max_output_tokens=80)), a_call())

    assert (data["model"], data["max_tokens"]) == ("small", 80)


async def test_a_denied_request_is_refused_with_the_guards_reason_and_its_delay() -> None:
    with pytest.raises(Refused, match="has \\$0 left") as refused:
        await let_through(a_callback(Recorded("deny", reason="search has $0 left", retry_after=2)), a_call())

    assert (refused.value.status_code, refused.value.headers) == (429, {"retry-after": "2"})


async def test_a_mistake_in_the_set_up_is_a_refusal_that_names_it() -> None:
    class Wrong(Recorded):
        async def authorize(self, request: Request) -> Decision:
            raise GuardRefused("There is no workload called “x”.")

    with pytest.raises(Refused, match="no workload called"):
        await let_through(a_callback(Wrong()), a_call())


async def test_without_a_maximum_the_guards_one_is_set() -> None:
    client = Recorded(max_output_tokens=512)

    data = await let_through(a_callback(client), {**a_call(), "max_tokens": None})

    assert client.asked[0].max_output_tokens is None
    assert data["max_tokens"] == 512


async def test_several_choices_share_the_limit() -> None:
    client = Recorded(max_output_tokens=300)

    data = await let_through(a_callback(client), a_call(n=3))

    assert client.asked[0].max_output_tokens == 300
    assert data["max_tokens"] == 100


async def test_the_field_that_bounds_the_answer_is_the_one_of_the_call() -> None:
    client = Recorded()
    callback = a_callback(client)

    await let_through(callback, {**a_call(), "max_tokens": None, "max_completion_tokens": 70})
    await let_through(callback, {"model": "big", "input": "hello", "max_output_tokens": 60}, "aresponses")
    await let_through(callback, {"model": "big", "input": "hello"}, "embeddings")

    assert [asked.max_output_tokens for asked in client.asked] == [70, 60, 0]


async def test_a_stream_is_asked_for_its_usage_and_settled_once_by_the_whole_of_it() -> None:
    client = Recorded()
    callback = a_callback(client)

    data = await let_through(callback, a_call(stream=True))
    part = {"litellm_call_id": "c-1", "stream": True, "complete_streaming_response": None}
    await callback.async_log_success_event(part, SimpleNamespace(), None, None)
    whole = {**part, "complete_streaming_response": an_answer()}
    await callback.async_log_success_event(whole, an_answer(), None, None)
    await callback.async_log_success_event(whole, an_answer(), None, None)

    assert data["stream_options"] == {"include_usage": True}
    assert [event["output_tokens"] for event in client.settled if event] == [300]


async def test_a_guess_settles_nothing() -> None:
    client = Recorded()
    callback = a_callback(client, asks_for_usage=False)

    await let_through(callback, a_call(stream=True))
    guess = an_answer({"prompt_tokens": 8, "completion_tokens": 1, "prompt_tokens_details": None})
    await callback.async_log_success_event({"litellm_call_id": "c-1", "stream": True}, guess, None, None)

    assert client.settled == []


async def test_an_answer_from_the_proxys_cache_costs_nothing() -> None:
    client = Recorded()
    callback = a_callback(client)

    await let_through(callback, a_call())
    await callback.async_log_success_event({"litellm_call_id": "c-1", "cache_hit": True}, an_answer(), None, None)

    assert client.settled == [None]


async def test_a_failed_request_gives_its_money_back_and_a_broken_stream_does_not() -> None:
    client = Recorded()
    callback = a_callback(client)

    await let_through(callback, a_call())
    await callback.async_post_call_failure_hook(a_call(), RuntimeError("500"), KEY)
    broken = a_call(stream=True, litellm_call_id="c-2")
    await let_through(callback, broken)

    async def parts() -> AsyncIterator[str]:
        yield "a"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        async for _ in callback.async_post_call_streaming_iterator_hook(KEY, parts(), broken):
            pass
    await callback.async_post_call_failure_hook(broken, ConnectionResetError(), KEY)

    assert client.settled == [None]


async def test_calls_without_tokens_pass_by() -> None:
    client = Recorded("deny")

    await let_through(a_callback(client), {"model": "big"}, "moderation")

    assert client.asked == []


def test_the_estimate_of_a_prompt_covers_text_tools_and_pictures() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 100_000}}
    messages = [{"role": "user", "content": [{"type": "text", "text": "a" * 3000}, picture]}]

    assert 2600 <= stated_input({"messages": messages}) <= 2700
    assert stated_input({"messages": [], "tools": [{"name": "b" * 300}]}) >= 100


def test_counts_stay_parts_of_their_wholes_whatever_is_sent() -> None:
    counts = counts_of(
        {"prompt_tokens": 10, "completion_tokens": 5, "cache_read_input_tokens": 8, "cache_creation_input_tokens": 9,
         "completion_tokens_details": {"reasoning_tokens": 7, "audio_tokens": 3}}
    )  # fmt: skip

    assert (counts["cache_read_tokens"], counts["cache_write_tokens"]) == (8, 2)
    assert (counts["reasoning_tokens"], counts["output_audio_tokens"]) == (5, 0)


def test_a_requests_own_tags_come_before_what_its_key_says() -> None:
    data = {
        "metadata": {
            "tags": ["team:ranking", "feature=search", "User-Agent: x", "plain"],
            "spend_logs_metadata": {"cost_center": "cc-1"},
        }
    }

    assert tags_of(KEY, data) == {"team": "ranking", "feature": "search", "cost_center": "cc-1"}
