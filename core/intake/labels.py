"""Names: models, tiers and tags as sources write them, and as Outlay keeps them. Providers: `provider_names`."""

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
    """A tag's value, one line of at most 200 characters, out of the quotes that a sender of JSON leaves around it."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if len(text) > 2 and text[0] == text[-1] == '"':
        text = text[1:-1]
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
