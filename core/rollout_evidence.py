"""What the books prove about the first 30 days: facts in, one finding an item out; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from core.money import usd
from core.rollout import Finding

MARKS: Final = (0.5, 0.8, 0.9)
"""Coverage is driven up in these steps; the last one ticks the item."""
MOST_OF_IT: Final = 0.80
LARGEST: Final = 0.50
"""Workloads that together make half of the spend have to degrade."""
MEASURED_DAYS: Final = 7  # weekdays and weekends are both in the shape then
REPLAYED, ALERTED, DRY_RUN = "replayed", "alert_seen", "dry_run"


@dataclass(frozen=True, slots=True)
class Covered:
    """How much of the last seven days' dollars carries a tag: 0–1, None when nothing was spent; the rest in nanos."""

    share: float | None
    bare_nanos: int


@dataclass(frozen=True, slots=True)
class Weighty:
    """A workload by its part in the attributed spend of the last four weeks, largest first.

    Attributes:
      days: days with usage among them.
      degrade: what happens past hard, in words; None without.
      is_dry: that only reports what it would do.
    """

    name: str
    nanos: int
    days: int
    unpriced_requests: int = 0
    is_foretold: bool = False
    has_envelope: bool = False
    degrade: str | None = None
    is_dry: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that somebody did which leaves no other trace in the books."""

    subject: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """What the findings are made from.

    Attributes:
      sources: live ones that have been heard within their rhythm; `requests` of the last seven days.
      bucket_owner: whose the unattributed spend is; `bucket_share` its part of the last seven days, 0–1.
      metrics: (workload, unit).
      foretold_nanos: where the month ends for all workloads together, p50.
      signed: in words, the first reconciliation that both sides signed; None before.
    """

    sources: int = 0
    requests: int = 0
    coverage: Mapping[str, Covered] = field(default_factory=dict)
    bucket_owner: str | None = None
    bucket_share: float | None = None
    workloads: tuple[Weighty, ...] = ()
    metrics: tuple[tuple[str, str], ...] = ()
    foretold_nanos: int = 0
    marks: Mapping[str, Mark] = field(default_factory=dict)
    signed: str | None = None

    def heavy(self, part: float) -> tuple[Weighty, ...]:
        """The fewest workloads that together make this part of the attributed spend; empty without any."""
        total, found, sum_nanos = sum(one.nanos for one in self.workloads), [], 0
        for one in self.workloads:
            if not total or sum_nanos >= part * total:
                break
            found.append(one)
            sum_nanos += one.nanos
        return tuple(found)


def findings(facts: Facts) -> dict[str, Finding]:
    """One for each item that is not by hand."""
    return {
        "source": _source(facts),
        "feature": _coverage(facts, "feature"),
        "environment": _coverage(facts, "environment"),
        "bucket": _bucket(facts),
        "shapes": _shapes(facts),
        "forecast": _forecast(facts),
        "metric": _metric(facts),
        "envelopes": _envelopes(facts),
        "replay": _replay(facts),
        "alert": _alert(facts),
        "degradation": _degradation(facts),
        "reconciled": _reconciled(facts),
    }


def _source(facts: Facts) -> Finding:
    if facts.sources:
        return Finding(True, f"{_count(facts.sources, 'source')} sent {facts.requests:,} requests in seven days.")
    return Finding(
        False, "No source is heard.", "Nothing sends usage; make a token where Outlay runs and give it to the gateway.",
        "/budget sources",
    )  # fmt: skip


def _coverage(facts: Facts, dimension: str) -> Finding:
    covered = facts.coverage.get(dimension, Covered(None, 0))
    line = f"/budget spend by {dimension}"
    if covered.share is None:
        return Finding(False, "Nothing was spent in seven days.", "There is no usage to look at yet.", line)
    reached = [mark for mark in MARKS if covered.share >= mark]
    says = f"{_percent(covered.share)} over seven days"
    if reached and len(reached) == len(MARKS):
        return Finding(True, f"{says}.", line=line)
    ahead = next(mark for mark in MARKS if mark not in reached)
    steps = (
        f"{_percent(reached[-1])} is reached, {_percent(ahead)} is next" if reached else f"{_percent(ahead)} is next"
    )
    return Finding(False, f"{says}; {steps}.", f"{usd(covered.bare_nanos)} without one.", line)


def _bucket(facts: Facts) -> Finding:
    part = "nothing" if not facts.bucket_share else f"{_percent(facts.bucket_share)} of seven days' spend"
    if facts.bucket_owner:
        return Finding(True, f"<@{facts.bucket_owner}> owns it; it holds {part}.", line="/budget unattributed")
    return Finding(False, f"Nobody owns it; it holds {part}.", "It needs an owner.", "/budget set unattributed")


def _shapes(facts: Facts) -> Finding:
    heavy = facts.heavy(MOST_OF_IT)
    if not heavy:
        return Finding(
            False, "No workload has spend yet.", "Usage has to find its workloads first.", "/budget workload list"
        )
    young = [one for one in heavy if one.days < MEASURED_DAYS]
    blind = [one for one in heavy if one.unpriced_requests]
    if not young and not blind:
        least = min(one.days for one in heavy)
        return Finding(
            True,
            f"{_names(heavy)}: on at least {least} of 28 days.",
            line=f"/budget forecast {heavy[0].name}",
        )
    if young:
        blocks = f"{_names(young)} {_have(young)} fewer than {MEASURED_DAYS} days of usage."
        return Finding(
            False, f"{len(heavy) - len(young)} of {len(heavy)} are measured.", blocks, f"/budget status {young[0].name}"
        )
    return Finding(
        False,
        f"{_names(blind)} {_have(blind)} requests without a price.",
        "A model has no price.",
        f"/budget status {blind[0].name}",
    )


def _forecast(facts: Facts) -> Finding:
    heavy = facts.heavy(MOST_OF_IT)
    lacking = [one for one in heavy if not one.is_foretold]
    if heavy and not lacking:
        return Finding(
            True,
            f"The month ends at about {usd(facts.foretold_nanos)}, foretold for {_names(heavy)}.",
            line="/budget forecast",
        )
    if not heavy:
        return Finding(
            False, "There is nothing to forecast from yet.", "No workload has spend.", "/budget workload list"
        )
    return Finding(
        False,
        f"{_names(lacking)} {_have(lacking)} no forecast yet.",
        "It is made within the hour after usage comes.",
        "/budget forecast",
    )


def _metric(facts: Facts) -> Finding:
    if facts.metrics:
        workload, unit = facts.metrics[0]
        more = f" and {len(facts.metrics) - 1} more" if len(facts.metrics) > 1 else ""
        return Finding(True, f"{workload} is counted per {unit}{more}.", line=f"/budget metric {workload}")
    name = facts.workloads[0].name if facts.workloads else "NAME"
    return Finding(
        False,
        "No workload's volume is tied to anything.",
        "Somebody has to say what volume follows.",
        f"/budget metric {name} unit=ticket today=1200",
    )


def _envelopes(facts: Facts) -> Finding:
    heavy = facts.heavy(MOST_OF_IT)
    lacking = [one for one in heavy if not one.has_envelope]
    if heavy and not lacking:
        return Finding(
            True,
            f"{_names(heavy)} {_have(heavy)} an envelope with owner, finance partner and sponsor.",
            line="/budget status",
        )
    if not heavy:
        return Finding(
            False, "No workload has spend yet.", "Usage has to find its workloads first.", "/budget workload list"
        )
    says = f"{len(heavy) - len(lacking)} of {len(heavy)} have one."
    return Finding(False, says, f"{_names(lacking)} {_have(lacking)} none.", f"/budget set {lacking[0].name}")


def _replay(facts: Facts) -> Finding:
    if mark := facts.marks.get(REPLAYED):
        return Finding(True, f"<@{mark.by}> replayed {mark.subject}.")
    name = next((one.name for one in facts.workloads if one.has_envelope), None)
    line = f"/budget replay {name} soft=80% hard=100%" if name else "/budget set"
    blocks = (
        "Nobody has looked which alerts the thresholds would have sent." if name else "There is no envelope to replay."
    )
    return Finding(False, "No thresholds were replayed.", blocks, line)


def _alert(facts: Facts) -> Finding:
    if mark := facts.marks.get(ALERTED):
        return Finding(True, f"<@{mark.by}> acknowledged {mark.subject}.")
    return Finding(
        False, "No alert was acknowledged.", "Nobody knows yet that alerts arrive.", "/budget rollout test-alert"
    )


def _degradation(facts: Facts) -> Finding:
    """Done once every one of the largest has a ladder that is in force, and one was tried dry before."""
    largest = facts.heavy(LARGEST)
    if not largest:
        return Finding(
            False, "No workload has spend yet.", "Usage has to find its workloads first.", "/budget workload list"
        )
    lacking = [one for one in largest if one.degrade is None]
    dry = [one for one in largest if one.is_dry]
    tried = facts.marks.get(DRY_RUN)
    if lacking:
        return Finding(
            False, f"{len(largest) - len(lacking)} of the {_count(len(largest), 'largest workload')} can degrade.",
            f"{_names(lacking)} {_have(lacking)} no ladder.", f"/budget set {lacking[0].name} degrade=throttle=60/min,dry-run",
        )  # fmt: skip
    if dry:
        ladder = (dry[0].degrade or "").replace(",dry-run", "")
        return Finding(
            False, f"{_names(dry)} {'is' if len(dry) == 1 else 'are'} tried dry.", "It only reports until dry-run is taken out.",
            f"/budget set {dry[0].name} degrade={ladder}",
        )  # fmt: skip
    ways = ", ".join(f"{one.name}: {one.degrade}" for one in largest[:3])
    if tried:
        return Finding(True, f"{ways}. <@{tried.by}> tried {tried.subject} dry first.")
    return Finding(
        False, f"{ways}.", "None was tried dry, where it only reports what it would do.",
        f"/budget set {largest[0].name} degrade={largest[0].degrade},dry-run",
    )  # fmt: skip


def _reconciled(facts: Facts) -> Finding:
    if facts.signed:
        return Finding(True, facts.signed, line="/budget reconcile")
    return Finding(
        False,
        "No invoice was compared and signed.",
        "It needs the latest invoice and both signatures.",
        "/budget reconcile",
    )


def _names(workloads: Sequence[Weighty], most: int = 3) -> str:
    shown = [one.name for one in workloads[:most]]
    if len(workloads) > most:
        return f"{', '.join(shown)} and {len(workloads) - most} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def _have(workloads: Sequence[Weighty]) -> str:
    return "has" if len(workloads) == 1 else "have"


def _count(number: int, one: str) -> str:
    return f"{number:,} {one}{'' if number == 1 else 's'}"


def _percent(part: float) -> str:
    """Rounded down, so that no mark is said to be reached before it is."""
    return f"{int(part * 100 + 1e-9)}%"
