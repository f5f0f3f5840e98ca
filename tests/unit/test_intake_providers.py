"""Who answered a call, however a sender writes the name."""

from __future__ import annotations

import pytest

from core.intake.labels import UNKNOWN
from core.intake.provider_names import bare_model, provider_name
from tests.support.payloads import one, span

COUNTS = {"gen_ai__usage__input_tokens": 10, "gen_ai__usage__output_tokens": 5}


@pytest.mark.parametrize(
    ("told", "provider"),
    [
        ("azure.ai.openai", "azure"), ("az.ai.inference", "azure"), ("azure.chat", "azure"), ("Azure OpenAI", "azure"),
        ("aws.bedrock", "aws"), ("amazon-bedrock", "aws"), ("AWS", "aws"), ("gcp.vertex_ai", "google"),
        ("google.generative-ai", "google"), ("google.vertex.chat", "google"), ("vertex.anthropic.messages", "google"),
        ("googleai", "google"), ("google-gla", "google"), ("Google", "google"), ("xai.chat", "x-ai"), ("x_ai", "x-ai"),
        ("mistral.chat", "mistral"), ("MistralAI", "mistral"), ("moonshot_ai", "moonshotai"),
        ("ibm.watsonx.ai", "watsonx"), ("openai.responses", "openai"), ("anthropic.messages", "anthropic"),
        ("openrouter", "openrouter"), ("my-own-gateway", "my-own-gateway"),
    ],
)  # fmt: skip
def test_every_spelling_of_a_provider_is_one_provider(told: str, provider: str) -> None:
    assert provider_name(told) == provider


@pytest.mark.parametrize("framework", ["langchain", "strands-agents", "gcp.vertex.agent", "microsoft.agent_framework"])
@pytest.mark.parametrize(
    ("model", "provider"),
    [
        ("gpt-5.1", "openai"), ("claude-sonnet-4-5", "anthropic"), ("gemini-2.5-pro", "google"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "aws"), ("amazon.nova-pro-v1:0", "aws"), ("our-own", UNKNOWN),
    ],
)  # fmt: skip
def test_a_framework_is_no_provider_so_the_model_says_who_answered(framework: str, model: str, provider: str) -> None:
    assert provider_name(framework, "", model) == provider


@pytest.mark.parametrize(
    ("model", "provider", "bare"),
    [
        ("models/gemini-2.5-pro", "google", "gemini-2.5-pro"),
        ("projects/p/locations/us-central1/publishers/google/models/gemini-2.5-pro", "google", "gemini-2.5-pro"),
        ("anthropic/claude-sonnet-4-5", "anthropic", "claude-sonnet-4-5"),
        ("bedrock/anthropic.claude-v2", "aws", "anthropic.claude-v2"),
        ("anthropic/claude-sonnet-4.5", "openrouter", "anthropic/claude-sonnet-4.5"),
        ("openai/gpt-oss-120b", "groq", "openai/gpt-oss-120b"),
    ],
)
def test_the_path_before_a_model_goes_where_it_is_not_part_of_the_id(model: str, provider: str, bare: str) -> None:
    assert bare_model(model, provider) == bare


def test_a_span_of_a_framework_is_booked_to_the_provider_behind_it() -> None:
    told = {"gen_ai__provider__name": None, "gen_ai__system": "strands-agents"}
    event = one(span(**told, **COUNTS, gen_ai__request__model="anthropic/claude-sonnet-4-5"), scope="strands").event
    assert (event.provider, event.model) == ("anthropic", "claude-sonnet-4-5")
