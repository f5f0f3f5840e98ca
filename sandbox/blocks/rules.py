"""The kinds of rule a row of the limits table is made of, and the walk that applies them.

Wording of a problem follows what Slack puts into `response_metadata.messages`: a sentence and a JSON pointer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

MESSAGE, MODAL, HOME = "message", "modal", "home"
EVERYWHERE = frozenset({MESSAGE, MODAL, HOME})


@dataclass
class Inspection:
    """One validation run: where the blocks will be shown, which files exist, and what was found."""

    surface: str
    has_file: Callable[[str], bool] | None = None
    problems: list[str] = field(default_factory=list)

    def add(self, problem: str, at: str) -> None:
        self.problems.append(f"{problem} [json-pointer:{at}]")


class Rule(Protocol):
    def check(self, value: Any, at: str, run: Inspection) -> None: ...


@dataclass(frozen=True)
class Need:
    """Marks a field as required."""

    rule: Rule

    def check(self, value: Any, at: str, run: Inspection) -> None:
        self.rule.check(value, at, run)


@dataclass(frozen=True)
class Shape:
    """One row of the table: the fields an object may have, their limits, and the page they were read from.

    `also` looks at several fields at once; it is asked only when each of them is in order by itself.
    """

    doc: str
    fields: Mapping[str, Rule]
    surfaces: frozenset[str] = EVERYWHERE
    also: Callable[[dict[str, Any], str, Inspection], None] | None = None

    def check(self, value: Any, at: str, run: Inspection) -> None:
        if not isinstance(value, dict):
            run.add("must provide an object", at)
            return
        before = len(run.problems)
        for name, rule in self.fields.items():
            if name in value and value[name] is not None:
                rule.check(value[name], f"{at}/{name}", run)
            elif isinstance(rule, Need):
                run.add(f"missing required field: {name}", at)
        for name in value:
            if name not in self.fields and name != "type":
                run.add(f"invalid additional property: {name}", at)
        if self.also is not None and len(run.problems) == before:
            self.also(value, at, run)


@dataclass(frozen=True)
class Str:
    """A string of `low` to `high` characters; no upper bound when `high` is None."""

    high: int | None = None
    low: int = 1

    def check(self, value: Any, at: str, run: Inspection) -> None:
        if not isinstance(value, str):
            run.add("must provide a string", at)
        elif len(value) < self.low:
            run.add(f"must be more than {self.low - 1} characters", at)
        elif self.high is not None and len(value) > self.high:
            run.add(f"must be less than {self.high + 1} characters", at)


@dataclass(frozen=True)
class Pattern:
    """A string for which `matches` is true; `wanted` says in words what it should have been."""

    matches: Callable[[str], bool]
    wanted: str

    def check(self, value: Any, at: str, run: Inspection) -> None:
        if not isinstance(value, str):
            run.add("must provide a string", at)
        elif not self.matches(value):
            run.add(f"must be a valid {self.wanted}", at)


@dataclass(frozen=True)
class Num:
    """A finite number from `low` to `high`, both included; `whole` refuses fractions."""

    low: float | None = None
    high: float | None = None
    whole: bool = True

    def check(self, value: Any, at: str, run: Inspection) -> None:
        wanted = int if self.whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, wanted) or not math.isfinite(value):
            run.add("must provide an integer" if self.whole else "must provide a number", at)
        elif self.low is not None and value < self.low:
            run.add(f"must be at least {self.low:g}", at)
        elif self.high is not None and value > self.high:
            run.add(f"must be at most {self.high:g}", at)


@dataclass(frozen=True)
class Bool:
    def check(self, value: Any, at: str, run: Inspection) -> None:
        if not isinstance(value, bool):
            run.add("must provide a boolean", at)


@dataclass(frozen=True)
class OneOf:
    values: tuple[str, ...]

    def check(self, value: Any, at: str, run: Inspection) -> None:
        if value not in self.values:
            run.add(f"must be one of: {', '.join(self.values)}", at)


@dataclass(frozen=True)
class ListOf:
    """A list of `low` to `high` values that each keep `rule`."""

    rule: Rule
    high: int | None = None
    low: int = 1

    def check(self, value: Any, at: str, run: Inspection) -> None:
        if not isinstance(value, list):
            run.add("must provide an array", at)
            return
        if len(value) < self.low:
            run.add(f"no fewer than {self.low} items allowed", at)
        if self.high is not None and len(value) > self.high:
            run.add(f"no more than {self.high} items allowed", at)
            return  # A list that is far too long would bury its own problem under one for each item.
        for index, item in enumerate(value):
            self.rule.check(item, f"{at}/{index}", run)


@dataclass(frozen=True)
class OrNull:
    """Takes null as well as what keeps `rule`: a place left out in a list."""

    rule: Rule

    def check(self, value: Any, at: str, run: Inspection) -> None:
        if value is not None:
            self.rule.check(value, at, run)


@dataclass(frozen=True)
class Typed:
    """An object whose `type` picks its shape out of `shapes`; any other type is refused."""

    shapes: Mapping[str, Rule]

    def check(self, value: Any, at: str, run: Inspection) -> None:
        if not isinstance(value, dict):
            run.add("must provide an object", at)
            return
        kind = value.get("type")
        if kind is None:
            run.add("missing required field: type", at)
            return
        shape = self.shapes.get(kind) if isinstance(kind, str) else None
        if shape is None:
            run.add(f"unsupported type: {kind}", f"{at}/type")
            return
        if isinstance(shape, Shape) and run.surface not in shape.surfaces:
            run.add(f"unsupported type: {kind} (not allowed in a {run.surface})", f"{at}/type")
            return
        shape.check(value, at, run)


@dataclass(frozen=True)
class Anything:
    def check(self, value: Any, at: str, run: Inspection) -> None:
        """Fields Slack takes without a published limit."""
