"""Attribution: which workload a usage event belongs to. `unattributed` is an answer, never an error."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.usage import DIMENSIONS
from core.workload import UNATTRIBUTED_ID, Rule, Workload


@dataclass(frozen=True, slots=True)
class Labels:
    """What is known of an event besides its counts and its time; the unit of attribution and of breakdowns.

    `tags` are sorted pairs. `workload` is the name the sender gave, if any. Events with equal labels form one series.
    """

    provider: str
    model: str
    tier: str
    workload: str | None
    tags: tuple[tuple[str, str], ...]

    def value(self, dimension: str) -> str | None:
        """The label that a rule calls `dimension`, or None."""
        if dimension == "model":
            return self.model
        if dimension == "provider":
            return self.provider
        wanted = dimension.removeprefix("tag.")
        return next((value for name, value in self.tags if name == wanted), None)


class Attribution:
    """All rules of the books, ready to answer for one series at a time.

    Precedence: a workload named by the event itself, when it exists; then the matching rule with the most
    conditions; among equals the oldest. No match is `unattributed`.
    """

    def __init__(self, workloads: Iterable[Workload]) -> None:
        known = list(workloads)
        self._by_name = {workload.name: workload.id for workload in known}
        self._rules: dict[tuple[str, str], list[Rule]] = defaultdict(list)
        for workload in known:
            for rule in workload.rules:
                dimension, value = rule.conditions[0]
                self._rules[dimension, value.casefold()].append(rule)
        self._first_dimensions = sorted({dimension for dimension, _ in self._rules})

    def rule_for(self, labels: Labels) -> Rule | None:
        """The rule that decides, or None when no rule matches."""
        candidates: list[Rule] = []
        for dimension in self._first_dimensions:
            if (value := labels.value(dimension)) is not None:
                candidates += self._rules.get((dimension, value.casefold()), ())
        matching = [rule for rule in candidates if matches(rule, labels)]
        return min(matching, key=lambda rule: (-len(rule.conditions), rule.id), default=None)

    def workload_for(self, labels: Labels) -> int:
        """The id of the workload that these labels belong to."""
        if labels.workload and (named := self._by_name.get(labels.workload.strip().lower())):
            return named
        rule = self.rule_for(labels)
        return rule.workload_id if rule else UNATTRIBUTED_ID


def matches(rule: Rule, labels: Labels) -> bool:
    """Whether every condition holds, without regard to case."""
    return all(
        (value := labels.value(name)) is not None and value.casefold() == wanted.casefold()
        for name, wanted in rule.conditions
    )


def named_dimensions(tags: Mapping[str, str]) -> dict[str, str | None]:
    """The five named dimensions of a tag mapping; absent or blank ones are None."""
    return {name: tags.get(name) or None for name in DIMENSIONS}
