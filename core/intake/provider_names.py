"""Who is behind a call: providers as conventions, SDKs, gateways and frameworks write them, and as `genai-prices` names them.

Spellings differ in blanks, dots, hyphens and underscores only, so those are taken for one sign. Read in the registry of the
GenAI conventions 1.41, LiteLLM 1.109, Vercel AI SDK 6, pydantic-ai 2.68, semantic-kernel 1.45, google-adk 2.13, strands 1.62
and OpenLLMetry 0.62 (November 2026).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from core.intake.labels import MAX_NAME, UNKNOWN, clean

_SPELLINGS: Final = {
    "anthropic": "anthropic_text claude",
    "aws": "aws_bedrock bedrock bedrock_converse amazon amazon_bedrock amazonbedrock aws_sagemaker sagemaker amazon_web_services",
    "azure": "azure_ai_openai azure_ai_inference az_ai_openai az_ai_inference azure_openai azure_ai_openai azure_ai azure_text "
             "azure_openai_responses azure_ai_foundry microsoft azureopenai",
    "cerebras": "", "deepseek": "", "groq": "", "huggingface": "", "ollama": "", "openrouter": "", "perplexity": "",
    "cohere": "cohere_chat",
    "fireworks": "fireworks_ai",
    "google": "gcp gcp_gemini gcp_vertex_ai gcp_gen_ai gemini vertex vertex_ai vertex_ai_beta vertexai google_genai googleai "
              "google_ai google_gen_ai google_generativeai google_generative_ai google_vertex google_vertexai google_vertex_ai "
              "google_gla google_ai_studio gcp_aiplatform",
    "mistral": "mistral_ai mistralai codestral",
    "moonshotai": "moonshot moonshot_ai",
    "openai": "text_completion_openai openai_like openai_chat openai_responses",
    "together": "together_ai togetherai",
    "watsonx": "ibm_watsonx_ai ibm_watsonx watsonx_ai",
    "x-ai": "x_ai xai grok",
}  # fmt: skip
_PROVIDERS: Final = {
    spelled: provider
    for provider, others in _SPELLINGS.items()
    for spelled in (provider.replace("-", "_"), *others.split())
}
_FRAMEWORKS: Final = frozenset({
    "gcp_vertex_agent", "strands_agents", "strands", "langchain", "langgraph", "langchain4j", "llamaindex", "llama_index",
    "crewai", "semantic_kernel", "microsoft_agent_framework", "microsoft_agents_ai", "spring_ai", "pydantic_ai", "litellm",
    "litellm_proxy", "haystack", "dspy", "autogen", "ag2", "agno", "smolagents", "openai_agents", "claude_agent_sdk", "portkey",
    "unknown", "other", "_other",
})  # fmt: skip
"""What stands in the provider's place although it only passes calls on; model and server say who answers."""

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
    ("chatgpt", "openai"), ("text-embedding-00", "google"), ("text-embedding-", "openai"),
    ("whisper", "openai"), ("tts-", "openai"), ("dall-e", "openai"), ("gemini", "google"), ("mistral", "mistral"),
    ("codestral", "mistral"), ("grok", "x-ai"), ("deepseek", "deepseek"), ("command-", "cohere"), ("sonar", "perplexity"),
)  # fmt: skip
_BEDROCK_MODEL: Final = re.compile(
    r"(arn:aws[a-z-]*:bedrock:|((us|eu|apac|jp|au|ca|us-gov|global)\.)?"
    r"(anthropic|amazon|meta|mistral|cohere|deepseek|ai21|qwen|openai|stability|writer|twelvelabs)\.[a-z])"
)
"""Ids that only Bedrock gives: `anthropic.claude-…`, `us.amazon.nova-…`."""
_FAMILIES: Final = ("anthropic", "google", "x-ai")
_GOOGLE_PATH: Final = re.compile(r"(?:projects/[^/]+/locations/[^/]+/)?(?:publishers/[^/]+/)?models/")


@lru_cache(maxsize=4096)
def provider_name(told: str, host: str = "", model: str = "") -> str:
    """The provider's id as `genai-prices` knows it, or `unknown`.

    A client's flavour is not its provider: an OpenAI client may talk to Azure or OpenRouter, so a known host wins.

    Args:
      told: the provider as the source names it; may be empty, or the name of a framework.
      host: host or URL of the server, when told.
      model: decides only where the source names no provider.
    """
    name = _named(clean(told).lower()[:MAX_NAME])
    for suffix, provider in _HOSTS if host else ():
        if suffix in host.lower() and name in ("", "openai", provider):
            return provider
    if name not in ("", "openai"):
        return name
    plain = model.lower().rpartition("/")[2]
    if not name and _BEDROCK_MODEL.match(model.lower()):
        return "aws"
    by_model = next((provider for start, provider in _MODELS if plain.startswith(start)), None)
    # A gateway's client says openai whatever answers; the few families that OpenAI does not serve give it away.
    return by_model if by_model and (not name or by_model in _FAMILIES) else name or UNKNOWN


@lru_cache(maxsize=4096)
def bare_model(model: str, provider: str) -> str:
    """The model without the path that a client puts before it: `models/gemini-…`, `anthropic/claude-…` at Anthropic."""
    if path := _GOOGLE_PATH.match(model):
        return model[path.end() :] or model
    first, slash, rest = model.partition("/")
    return rest if slash and rest and _PROVIDERS.get(_plain(first)) == provider else model


def _named(told: str) -> str:
    """The provider that a name in lower case stands for; empty for none, the name itself where it is not known."""
    plain = _plain(told)
    if not plain or plain in _FRAMEWORKS:
        return ""
    if found := _PROVIDERS.get(plain):
        return found
    if plain.startswith("vertex_ai_"):
        # LiteLLM's price map splits Vertex by the maker of the model: `vertex_ai-anthropic_models`.
        return "google"
    # The Vercel SDK writes the interface too, and some write the product: `azure.chat`, `vertex.anthropic.messages`.
    first = re.split(r"[./]", told, maxsplit=1)[0]
    return _PROVIDERS.get(_plain(first), told.split("/", 1)[0])


def _plain(name: str) -> str:
    return re.sub(r"[\s.\-_]+", "_", name.strip())
