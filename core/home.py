"""What one person's Home tab says: their envelopes, what waits for them, and how the whole fares; pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from core.change_request import ChangeRequest
from core.envelope import Envelope, State
from core.escalation import Escalation
from core.period import Cycle
from core.rollout import Glance
from core.source_health import SourceHealth
from core.standing import Freshness, MonthEnd

LIKELY: Final = 0.5
"""From this chance on, an envelope that holds today is shown as one that will not."""
_CALM: Final = frozenset({State.WITHIN})


@dataclass(frozen=True, slots=True)
class EnvelopeStanding:
    """One envelope in the current cycle; money in nanos. `pending_nanos` is a raise that waits for the sponsor."""

    envelope: Envelope
    size_nanos: int
    spent_nanos: int
    state: State
    forecast: MonthEnd | None = None
    pending_nanos: int | None = None

    @property
    def chance(self) -> float:
        """To pass the envelope by the end of the cycle, 0–1; 0 where nothing was foretold."""
        return (self.forecast.breach_probability or 0.0) if self.forecast else 0.0

    @property
    def needs_a_look(self) -> bool:
        return self.state not in _CALM or self.chance > LIKELY


@dataclass(frozen=True, slots=True)
class WaitingClose:
    """A provider's month whose comparison waits for signatures; `gap_nanos` is invoice minus estimate."""

    provider: str
    month: Cycle
    gap_nanos: int
    waits_for: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Office:
    """Everything that Home tabs are made from, read once for all of them.

    Attributes:
      requests: the undecided ones, oldest first.
      sources: the gravest first.
      names: of all workloads, for lines to paste.
      rollout: the first 30 days; None where they were never started.
      escalations: questions to sponsors past a hard threshold, or asked by owners; oldest first.
      closes: comparisons that are not signed by all.
    """

    cycle: Cycle
    share_elapsed: float
    envelopes: tuple[EnvelopeStanding, ...]
    requests: tuple[ChangeRequest, ...]
    sources: tuple[SourceHealth, ...]
    names: tuple[str, ...]
    freshness: Freshness
    rollout: Glance | None = None
    escalations: tuple[Escalation, ...] = ()
    closes: tuple[WaitingClose, ...] = ()


@dataclass(frozen=True, slots=True)
class MyEnvelope:
    """An envelope and what somebody is to it, such as `owner` or `sponsor`."""

    standing: EnvelopeStanding
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Home:
    """One person's page.

    Attributes:
      envelopes: theirs, what needs a look first.
      to_decide: requests that they may decide; `asked` those that they wait for.
      escalations: questions past a hard threshold, or for more money, that they may decide.
      to_sign: comparisons that wait for their signature.
      sources: None for whoever is not on the finance team.
      names: of all workloads, theirs first, for lines to paste.
      unset: a workload without an envelope, for lines that set one; None where each has one.
    """

    person: str
    is_finance: bool
    cycle: Cycle
    share_elapsed: float
    envelopes: tuple[MyEnvelope, ...]
    to_decide: tuple[ChangeRequest, ...]
    asked: tuple[ChangeRequest, ...]
    sources: tuple[SourceHealth, ...] | None
    names: tuple[str, ...]
    freshness: Freshness
    rollout: Glance | None = None
    escalations: tuple[Escalation, ...] = ()
    to_sign: tuple[WaitingClose, ...] = ()
    unset: str | None = None

    @property
    def waiting(self) -> int:
        """How many decisions and signatures wait for this person."""
        return len(self.to_decide) + len(self.escalations) + len(self.to_sign)

    @property
    def is_new(self) -> bool:
        """Nothing is theirs yet."""
        return not (self.envelopes or self.waiting or self.asked)

    def digest(self) -> str:
        """Differs when the page should be shown anew by itself: a state, a decision, a size; not each cent of spend."""
        said = (
            [
                (mine.standing.envelope.workload, mine.roles, mine.standing.size_nanos, mine.standing.state.value,
                 mine.standing.pending_nanos, mine.standing.chance > LIKELY)
                for mine in self.envelopes
            ],
            [request.id for request in self.to_decide],
            [request.id for request in self.asked],
            [escalation.id for escalation in self.escalations],
            [(close.provider, str(close.month)) for close in self.to_sign],
            [(source.name, source.condition.value) for source in self.sources or () if source.is_alarming],
            str(self.cycle),
            (self.rollout.state.value, self.rollout.done, self.rollout.overdue) if self.rollout else None,
        )  # fmt: skip
        return hashlib.sha256(repr(said).encode()).hexdigest()[:32]


def home_of(office: Office, person: str, *, is_finance: bool) -> Home:
    """The page of one person, from what was read for everybody."""
    mine = [MyEnvelope(one, roles) for one in office.envelopes if (roles := roles_in(one.envelope, person))]
    mine.sort(key=_urgency)
    held = {one.envelope.workload for one in office.envelopes}
    return Home(
        person, is_finance, office.cycle, office.share_elapsed, tuple(mine),
        tuple(one for one in office.requests if person != one.requested_by and person in _deciders(one)),
        tuple(one for one in office.requests if person == one.requested_by),
        office.sources if is_finance else None, _own_first(office.names, mine), office.freshness,
        office.rollout, tuple(one for one in office.escalations if _decides(office, one, person)),
        tuple(one for one in office.closes if person in one.waits_for),
        next((name for name in office.names if name not in held), None),
    )  # fmt: skip


def _own_first(names: Sequence[str], mine: Sequence[MyEnvelope]) -> tuple[str, ...]:
    """What they own, what else they have a role in, and the rest, each in the order given."""
    owned = {one.standing.envelope.workload for one in mine if "owner" in one.roles}
    known = {one.standing.envelope.workload for one in mine}
    return tuple(sorted(names, key=lambda name: (name not in owned, name not in known)))


def roles_in(envelope: Envelope, person: str) -> tuple[str, ...]:
    """What somebody is to an envelope, in words; empty for a stranger."""
    people = envelope.terms.people
    held: Mapping[str, str | None] = {
        "owner": people.owner, "finance partner": people.finance, "sponsor": people.sponsor, "deputy": people.deputy,
    }  # fmt: skip
    return tuple(role for role, who in held.items() if who == person)


def _deciders(request: ChangeRequest) -> tuple[str | None, ...]:
    return request.deciders.sponsor, request.deciders.deputy


def _decides(office: Office, escalation: Escalation, person: str) -> bool:
    """The sponsor or the deputy, and nobody on what they asked for themselves."""
    if person == escalation.asked_by:
        return False
    return any(
        person in (one.envelope.terms.people.sponsor, one.envelope.terms.people.deputy)
        for one in office.envelopes
        if one.envelope.workload == escalation.workload
    )


def _urgency(mine: MyEnvelope) -> tuple[int, float, int, str]:
    """Past a threshold first, then what will pass one, then the largest."""
    one = mine.standing
    return (
        -list(State).index(one.state) if one.state not in _CALM else 1,
        -round(one.chance, 2),
        -one.size_nanos,
        one.envelope.workload,
    )
