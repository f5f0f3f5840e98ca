"""Names: providers, models, tiers and tags as sources write them, and as Outlay keeps them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from core.usage import MAX_TAG_VALUE, MAX_TAGS

UNKNOWN: Final = "unknown"
MAX_NAME: Final = 200
_MAX_TIER: Final = 40
_TAG_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_.\-/]{0,63}")

_PROVIDERS: Final = {
    "aws.bedrock": "aws", "aws_bedrock": "aws", "bedrock": "aws", "bedrock_converse": "aws", "amazon": "aws",
    "amazon_bedrock": "aws", "amazonbedrock": "aws", "sagemaker": "aws",
    "azure.ai.openai": "azure", "azure.ai.inference": "azure", "az.ai.openai": "azure", "az.ai.inference": "azure",
    "azure_openai": "azure", "azure_ai": "azure", "azure_text": "azure", "microsoft": "azure",
    "gcp.gemini": "google", "gcp.vertex_ai": "google", "gcp.gen_ai": "google", "gemini": "google",
    "vertex_ai": "google", "vertex_ai_beta": "google", "vertexai": "google", "google_genai": "google",
    "google_vertex": "google", "google-vertex": "google", "google.generative-ai": "google", "google.vertex": "google",
    "mistral_ai": "mistral", "mistralai": "mistral", "codestral": "mistral",
    "x_ai": "x-ai", "xai": "x-ai", "moonshot": "moonshotai", "moonshot_ai": "moonshotai",
    "together_ai": "together", "togetherai": "together", "fireworks_ai": "fireworks", "cohere_chat": "cohere",
    "ibm.watsonx.ai": "watsonx", "watsonx": "watsonx", "text-completion-openai": "openai", "openai_like": "openai",
    "anthropic_text": "anthropic", "claude": "anthropic",
}  # fmt: skip
"""Names of the OpenTelemetry registry, of LiteLLM and of SDKs → provider ids of `genai-prices`."""

_HOSTS: Final = (
    ("openai.azure.com", "azure"), ("services.ai.azure.com", "azure"), ("cognitiveservices.azure.com", "azure"),
    ("openrouter.ai", "openrouter"), ("api.groq.com", "groq"), ("api.mistral.ai", "mistral"), ("api.x.ai", "x-ai"),
    ("api.deepseek.com", "deepseek"), ("api.together.xyz", "together"), ("api.together.ai", "together"),
    ("api.fireworks.ai", "fireworks"), ("api.perplexity.ai", "perplexity"), ("api.cerebras.ai", "cerebras"),
    ("generativelanguage.googleapis.com", "google"), ("aiplatform.googleapis.com", "google"),
    ("amazonaws.com", "aws"), ("api.moonshot.ai", "moonshotai"), ("api.anthropic.com", "anthropic"),
    ("api.openai.com", "openai"),
)  # fmt: skip
"""Hosts that tell who is really behind a client of another flavour."""

_MODELS: Final = (
    ("claude", "anthropic"), ("gpt-", "openai"), ("o1", "openai"), ("o3", "openai"), ("o4", "openai"),
    ("chatgpt", "openai"), ("text-embedding-", "openai"), ("gemini", "google"), ("mistral", "mistral"),
    ("codestral", "mistral"), ("grok", "x-ai"), ("deepseek", "deepseek"), ("command-", "cohere"), ("sonar", "perplexity"),
)  # fmt: skip

_FAMILIES: Final = ("anthropic", "google", "x-ai")

_TIERS: Final = {
    "": "standard", "default": "standard", "auto": "standard", "on_demand": "standard", "standard_only": "standard",
    "flex_discount": "flex", "priority_on_demand": "priority",
}  # fmt: skip

TAG_NAMES: Final = {
    "team": "team", "team.id": "team", "team_id": "team", "team.name": "team", "team_name": "team",
    "teamid": "team", "owner.team": "team", "owning_team": "team", "user_team": "team", "squad": "team",
    "team_alias": "team", "user_api_key_team_id": "team", "user_api_key_team_alias": "team",
    "feature": "feature", "feature.name": "feature", "feature_name": "feature", "use_case": "feature",
    "functionid": "feature", "usecase": "feature",
    "deployment.environment.name": "environment", "deployment.environment": "environment", "environment": "environment",
    "env": "environment", "stage": "environment",
    "customer": "customer", "customer.id": "customer", "customer_id": "customer", "tenant": "customer",
    "tenant.id": "customer", "tenant_id": "customer", "account.id": "customer",
    "project": "project", "project.id": "project", "project_id": "project", "workspace_id": "project",
    "openai.project.id": "project", "anthropic.workspace.id": "project",
    "cost_center": "cost_center", "cost.center": "cost_center", "costcenter": "cost_center",
    "cost-center": "cost_center", "department": "department", "business_unit": "business_unit", "product": "product",
    "service.name": "service.name", "service.namespace": "service.namespace", "gen_ai.agent.name": "agent",
    "user_api_key_alias": "api_key", "user_api_key_org_alias": "organization", "user_api_key_org_id": "organization",
}  # fmt: skip
"""Attributes that say who or what a call was for → tag. An allowlist: everything else (ids of users, sessions,
tickets) would only split sums into single calls."""


@lru_cache(maxsize=4096)
def provider_name(told: str, host: str = "", model: str = "") -> str:
    """The provider's id as `genai-prices` knows it, or `unknown`.

    A client's flavour is not its provider: an OpenAI client may talk to Azure or OpenRouter, so a known host wins.

    Args:
      told: the provider as the source names it; may be empty.
      host: host or URL of the server, when told.
      model: decides only where the source names no provider.
    """
    name = clean(told).lower()[:MAX_NAME]
    name = _PROVIDERS.get(name, name.split("/", 1)[0])
    for suffix, provider in _HOSTS if host else ():
        if suffix in host.lower() and name in ("", "openai", provider):
            return provider
    if name.startswith(("openai.", "anthropic.")):
        # The Vercel SDK writes the interface too: `openai.chat`, `anthropic.messages`.
        name = name.split(".", 1)[0]
    name = _PROVIDERS.get(name, name)
    if name not in ("", "openai"):
        return name
    plain = model.lower().rpartition("/")[2]
    by_model = next((provider for start, provider in _MODELS if plain.startswith(start)), None)
    # A gateway's client says openai whatever answers; the few families that OpenAI does not serve give it away.
    return by_model if by_model and (not name or by_model in _FAMILIES) else name or UNKNOWN


@lru_cache(maxsize=4096)
def model_name(served: str, requested: str = "") -> str:
    """The model to price by: what answered, else what was asked for, else `unknown`."""
    return (clean(served) or clean(requested))[:MAX_NAME] or UNKNOWN


def tier_name(told: str) -> str:
    """The service tier; the names of the plain tier all become `standard`."""
    name = clean(told).lower()[:_MAX_TIER]
    return _TIERS.get(name, name)


def tags_of(pairs: Iterable[tuple[str, object]]) -> dict[str, str]:
    """Tags out of (attribute, value) pairs; the first value of a tag wins, so the caller puts the strongest first.

    Attributes that are not in `TAG_NAMES` are left out, and so are values that are no plain text, number or truth value.
    """
    tags: dict[str, str] = {}
    for key, value in pairs:
        name = TAG_NAMES.get(key.lower())
        if name is None or name in tags or not isinstance(value, str | int | float):
            continue
        if (text := tag_value(value)) and len(tags) < MAX_TAGS:
            tags[name] = text
    return tags


def tag_value(value: str | int | float) -> str:
    """A tag's value, one line of at most 200 characters."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return " ".join(clean(text).split())[:MAX_TAG_VALUE]


def clean(text: str) -> str:
    """The text without what no database or terminal takes: control characters and halves of characters."""
    return text.strip() if text.isprintable() else "".join(sign if sign.isprintable() else " " for sign in text).strip()


def split_tag(tag: str) -> tuple[str, str] | None:
    """(name, value) of a tag written as one string, `team:search` or `team=search`; None when it is neither."""
    for sign in (":", "="):
        name, found, value = tag.partition(sign)
        if found and value.strip() and _TAG_NAME.fullmatch(name.strip().lower()):
            return name.strip().lower(), value.strip()
    return None


def id_text(value: object) -> str | None:
    """An id of at most 200 printable characters, or None."""
    if not isinstance(value, str) or not (text := value.strip()) or len(text) > MAX_NAME:
        return None
    return text if text.isprintable() else None
