"""How well the close's answers fit the truth: which cause it names first, and where it puts the dollars."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from benchmarks.closing.cases import Case
from benchmarks.closing.prices import NANOS

NOBODY: Final = "(nothing)"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the close said about a case: nanos by cause in its own order, and what it left unexplained."""

    causes: Mapping[str, int]
    unexplained_nanos: int
    estimate_nanos: int
    invoice_nanos: int

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Answer:
        """From the object that `outlay reconcile --json` prints; parts of one cause are added up."""
        causes: dict[str, int] = {}
        for part in told["causes"]:
            causes[part["cause"]] = causes.get(part["cause"], 0) + _nanos(part["usd"])
        return cls(causes, _nanos(told["unexplained_usd"]), _nanos(told["estimate_usd"]), _nanos(told["invoice_usd"]))

    @property
    def first(self) -> str:
        """The cause with the most dollars; the earlier one of equals."""
        return max(self.causes, key=lambda name: abs(self.causes[name]), default=NOBODY)

    @property
    def adds_up(self) -> bool:
        """Whether causes and the rest are the gap to the nano."""
        return sum(self.causes.values()) + self.unexplained_nanos == self.invoice_nanos - self.estimate_nanos


def _nanos(text: str) -> int:
    return int(Decimal(text) * NANOS)


@dataclass
class Tally:
    """What a run over many cases adds up to. All sums in nanos, all without sign."""

    cases: int = 0
    refused: list[str] = field(default_factory=list)
    named_first: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)
    planted: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    false: Counter[str] = field(default_factory=Counter)
    gaps: int = 0
    excess: int = 0
    unexplained: int = 0
    other_totals: int = 0
    not_adding_up: int = 0
    misses: list[str] = field(default_factory=list)

    def add(self, case: Case, answer: Answer) -> None:
        self.cases += 1
        self.gaps += abs(case.invoice_nanos - case.estimate_nanos)
        self.unexplained += abs(answer.unexplained_nanos)
        self.other_totals += (answer.estimate_nanos, answer.invoice_nanos) != (case.estimate_nanos, case.invoice_nanos)
        self.not_adding_up += not answer.adds_up
        for name, nanos in case.planted.items():
            said = answer.causes.get(name, 0)
            good = min(abs(said), abs(nanos)) if (said > 0) == (nanos > 0) else 0
            self.planted[name] += abs(nanos)
            self.right[name] += good
            self.excess += abs(said) - good
        for name, nanos in answer.causes.items():
            if name not in case.planted:
                self.false[name] += abs(nanos)
        if len(case.planted) == 1:
            name = next(iter(case.planted))
            self.asked[name] += 1
            self.named_first[name] += answer.first == name
            self.confusion[name, answer.first] += 1
        if answer.first not in case.planted or any(name not in answer.causes for name in case.planted):
            self.misses.append(
                f"{case.seed}: {_told(case.planted)} in {case.form} of {case.month} was called {_told(answer.causes)}"
            )

    def refuse(self, case: Case, why: str) -> None:
        """The close gave no answer to a good case."""
        self.cases += 1
        self.refused.append(f"{case.seed}: {'+'.join(case.planted)} in {case.form} was refused: {why[:200]}")
        for name, nanos in case.planted.items():
            self.planted[name] += abs(nanos)
        if len(case.planted) == 1:
            name = next(iter(case.planted))
            self.asked[name] += 1
            self.confusion[name, "(refused)"] += 1

    def figures(self) -> dict[str, Any]:
        """Shares from 0 to 1: of cases named first, of planted dollars on the right cause, of false dollars in the gaps."""
        planted, false = sum(self.planted.values()), sum(self.false.values())
        figures: dict[str, Any] = {"cases": self.cases, "refused": len(self.refused)}
        if asked := sum(self.asked.values()):
            figures["named_first"] = round(sum(self.named_first.values()) / asked, 4)
        return figures | {
            "right_of_planted": _share(sum(self.right.values()), planted),
            "false_of_planted": _share(false, planted), "false_of_gap": _share(false, self.gaps),
            "excess_of_planted": _share(self.excess, planted), "unexplained_of_gap": _share(self.unexplained, self.gaps),
            "other_totals": self.other_totals, "not_adding_up": self.not_adding_up,
        }  # fmt: skip


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _told(causes: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {nanos / NANOS:.2f}" for name, nanos in causes.items()) or NOBODY


def tables(single: Tally, several: Tally) -> Iterable[str]:
    """Per cause: cases, named first, dollars on the right cause with one planted and with several, false dollars, and mix-ups."""
    yield f"{'cause':<24}{'cases':>6}{'first':>8}{'right':>8}{'right of 3':>12}{'false $':>10}   taken for"
    for name in sorted(set(single.planted) | set(several.planted)):
        mixed = ", ".join(
            f"{other} {count}" for (planted, other), count in single.confusion.most_common() if planted == name != other
        )
        first = f"{single.named_first[name] / single.asked[name]:.0%}" if single.asked[name] else "–"
        rights = [
            f"{tally.right[name] / tally.planted[name]:.0%}" if tally.planted[name] else "–"
            for tally in (single, several)
        ]
        false = (single.false[name] + several.false[name]) / NANOS
        yield f"{name:<24}{single.asked[name]:>6}{first:>8}{rights[0]:>8}{rights[1]:>12}{false:>10.0f}   {mixed}"
    for name in sorted((set(single.false) | set(several.false)) - set(single.planted) - set(several.planted)):
        yield f"{name:<24}{'':>34}{(single.false[name] + several.false[name]) / NANOS:>10.0f}   never planted"
