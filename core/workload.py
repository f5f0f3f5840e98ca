"""Workloads and the rules that match their usage."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from core.errors import OutOfRange, UnknownName
from core.usage import DIMENSIONS, MAX_TAG_VALUE

UNATTRIBUTED: Final = "unattributed"
UNATTRIBUTED_ID: Final = 1
"""The default bucket is a workload of its own with a fixed id; it always exists and has an owner."""

MATCHABLE: Final = (*DIMENSIONS, "model", "provider")
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,58}[a-z0-9])?")
_OWN_TAG: Final = re.compile(r"tag\.[a-z0-9][a-z0-9_.-]{0,62}")


@dataclass(frozen=True, slots=True)
class Rule:
    """A conjunction of `dimension=value` pairs, compared without regard to case; at least one pair.

    `id` and `workload_id` are 0 until stored. Rules with more pairs win over rules with fewer, older over younger.
    """

    conditions: tuple[tuple[str, str], ...]
    workload_id: int = 0
    id: int = 0

    def __str__(self) -> str:
        return " ".join(f"{dimension}={quoted(value)}" for dimension, value in self.conditions)


@dataclass(frozen=True, slots=True)
class Workload:
    """A thing that spends. `owner` is a Slack user id; an archived one keeps its history."""

    id: int
    name: str
    owner: str | None
    rules: tuple[Rule, ...] = ()


def quoted(value: str) -> str:
    """A value as it must be typed to be read back as one word."""
    return f'"{value}"' if re.search(r"\s", value) else value


def workload_name(text: str) -> str:
    """The name as it is kept: lower case, spaces to hyphens.

    Raises OutOfRange for anything but 1–60 letters a–z, digits, `.`, `_`, `-`; look-alike and invisible
    characters are refused rather than dropped, so that two names never look the same.
    """
    name = re.sub(r"\s+", "-", unicodedata.normalize("NFKC", text).strip().lower())
    if not _NAME.fullmatch(name):
        suggestion = re.sub(r"[^a-z0-9._-]+", "-", name.encode("ascii", "ignore").decode()).strip("-._")[:60]
        hint = f", for example {suggestion}" if suggestion and _NAME.fullmatch(suggestion) else ""
        raise OutOfRange(f"A workload's name is 1 to 60 letters a–z, digits, dots, hyphens or underscores{hint}.")
    return name


def make_rule(pairs: dict[str, str]) -> Rule:
    """A rule from `dimension: value` pairs as typed. Raises OutOfRange, UnknownName with the known dimensions."""
    if not pairs:
        raise OutOfRange(
            "A rule needs at least one dimension=value, for example feature=search environment=production."
        )
    if len(pairs) > 8:
        raise OutOfRange(f"A rule takes at most 8 dimension=value pairs; this one has {len(pairs)}.")
    conditions = []
    for dimension, value in sorted(pairs.items()):
        name, wanted = dimension.strip().lower(), value.strip()
        if name not in MATCHABLE and not _OWN_TAG.fullmatch(name):
            known = ", ".join(MATCHABLE)
            raise UnknownName(
                f"“{dimension[:40]}” is not a dimension. Use one of {known}, or tag.NAME for a tag of your own."
            )
        if not wanted or len(wanted) > MAX_TAG_VALUE or not wanted.isprintable():
            raise OutOfRange(f"The value for {name} has to be 1 to {MAX_TAG_VALUE} visible characters.")
        conditions.append((name, wanted))
    return Rule(tuple(conditions))
