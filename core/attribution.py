"""Attribution: which workload a usage event belongs to. `unattributed` is an answer, never an error."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from core.tags import MANY, NO_ALIASES, Aliases
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
    conditions; among equals the oldest. No match is `unattributed`. Labels and rules are compared as their aliases
    have it, so that a rule written before an alias goes on to match.
    """

    def __init__(self, workloads: Iterable[Workload], aliases: Aliases = NO_ALIASES) -> None:
        known = list(workloads)
        self._aliases = aliases
        self._by_name = {workload.name: workload.id for workload in known}
        self._rules: dict[tuple[str, str], list[tuple[Rule, Rule]]] = defaultdict(list)
        for workload in known:
            for rule in workload.rules:
                read = self._as_kept(rule)
                dimension, value = read.conditions[0]
                self._rules[dimension, value.casefold()].append((read, rule))
        self._first_dimensions = sorted({dimension for dimension, _ in self._rules})

    def as_kept(self, labels: Labels) -> Labels:
        """The labels with every tag's value as its alias has it."""
        tags = self._aliases.tags(labels.tags)
        return labels if tags is labels.tags else replace(labels, tags=tags)

    def matching(self, labels: Labels) -> list[Rule]:
        """Every rule that matches, in the order of precedence: the first one decides."""
        seen = self.as_kept(labels)
        candidates: list[tuple[Rule, Rule]] = []
        for dimension in self._first_dimensions:
            if (value := seen.value(dimension)) is not None:
                candidates += self._rules.get((dimension, value.casefold()), ())
        found = [rule for read, rule in candidates if matches(read, seen)]
        return sorted(found, key=lambda rule: (-len(rule.conditions), rule.id))

    def matches(self, rule: Rule, labels: Labels) -> bool:
        """Whether this rule matches, be it stored or only proposed."""
        return matches(self._as_kept(rule), self.as_kept(labels))

    def rule_for(self, labels: Labels) -> Rule | None:
        """The rule that decides, or None when no rule matches."""
        return next(iter(self.matching(labels)), None)

    def named(self, labels: Labels) -> int | None:
        """The workload that the event names itself, where it exists."""
        return self._by_name.get(labels.workload.strip().lower()) if labels.workload else None

    def workload_for(self, labels: Labels) -> int:
        """The id of the workload that these labels belong to."""
        if named := self.named(labels):
            return named
        rule = self.rule_for(labels)
        return rule.workload_id if rule else UNATTRIBUTED_ID

    def nearly(self, labels: Labels) -> list[Rule]:
        """Rules that would match if labels that are not given were there: none contradicts, at least one agrees."""
        seen, found = self.as_kept(labels), []
        for read, rule in (pair for pairs in self._rules.values() for pair in pairs):
            given = [(seen.value(name), wanted) for name, wanted in read.conditions]
            agreeing = [value.casefold() == wanted.casefold() for value, wanted in given if value]
            if agreeing and all(agreeing) and len(agreeing) < len(given):
                found.append(rule)
        return sorted(found, key=lambda rule: (-len(rule.conditions), rule.id))

    def _as_kept(self, rule: Rule) -> Rule:
        if not self._aliases:
            return rule
        return replace(
            rule, conditions=tuple((name, self._aliases.value(name, value)) for name, value in rule.conditions)
        )


def matches(rule: Rule, labels: Labels) -> bool:
    """Whether every condition holds, without regard to case."""
    return all(
        (value := labels.value(name)) is not None and value.casefold() == wanted.casefold()
        for name, wanted in rule.conditions
    )


def named_dimensions(tags: Mapping[str, str]) -> dict[str, str | None]:
    """The five named dimensions of a tag mapping; absent or blank ones are None."""
    return {name: tags.get(name) or None for name in DIMENSIONS}


def are_alike(one: Labels, other: Labels) -> bool:
    """Whether two label sets can come from one event: equal but for values that were folded into `(many)`."""
    if replace(one, tags=()) != replace(other, tags=()) or len(one.tags) != len(other.tags):
        return False
    return all(
        name == named and (value == valued or MANY in (value, valued))
        for (name, value), (named, valued) in zip(one.tags, other.tags, strict=True)
    )
