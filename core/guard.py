"""The guard's decision: allow, degrade or deny one request, from what an envelope has left. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.envelope import Envelope
from core.holds import Ask, Learned, Size, hold_for, least_hold
from core.money import usd
from core.period import Cycle
from core.rates import Rate

WITHIN = "within envelope"


class Answer(StrEnum):
    ALLOW = "allow"
    DEGRADE = "degrade"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Posture:
    """How an envelope stands towards its next request.

    Attributes:
      limit_nanos: the hard limit of the cycle; None when the workload has no envelope and nothing bounds it.
      fallback: the cheaper model to swap to when the asked one no longer fits; None when there is none.
      is_degraded: degradation is on whatever is left, because the sponsor said so.
      is_stopped: nothing that costs goes through, because the sponsor said so.
    """

    workload: str
    limit_nanos: int | None
    fallback: str | None = None
    is_degraded: bool = False
    is_stopped: bool = False


@dataclass(frozen=True, slots=True)
class Used:
    """What is gone of an envelope, in nanos: spent in the books, held for requests in flight, charged without their usage."""

    spent: int = 0
    held: int = 0
    charged: int = 0

    def left_of(self, limit: int | None) -> int | None:
        return None if limit is None else limit - self.spent - self.held - self.charged

    def holding(self, nanos: int) -> Used:
        return Used(self.spent, self.held + nanos, self.charged)


@dataclass(frozen=True, slots=True)
class Offer:
    """A model that could serve the request, at the price it is held at; `is_ceiling` when no real price is known."""

    provider: str
    model: str
    rate: Rate
    learned: Learned
    is_ceiling: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one request. Without `size` it is a denial.

    Attributes:
      left_nanos: what remains after this request's hold; None without a limit.
      is_held: denied only because money is held for requests in flight: asked again later it may pass.
      need_nanos: what would have to be left for it to pass.
    """

    answer: Answer
    reason: str
    model: str
    size: Size | None
    left_nanos: int | None
    is_held: bool = False
    need_nanos: int = 0
    offer: Offer | None = None


def posture_of(envelope: Envelope | None, workload: str, cycle: Cycle) -> Posture:
    """From the envelope's terms alone: its hard share of its size, exact to the nano."""
    if envelope is None:
        return Posture(workload, None)
    degrade = envelope.terms.degrade
    limit = envelope.size(cycle) * round(envelope.terms.hard_share * 10_000) // 10_000
    return Posture(workload, limit, degrade.model if degrade else None)


def decide(ask: Ask, posture: Posture, used: Used, asked: Offer | None, fallback: Offer | None) -> Verdict:
    """Answer one request.

    Args:
      asked: the model it names; None when that has no price and models without one are denied.
      fallback: `posture.fallback` as an offer, where it has a price.
    """
    left = used.left_of(posture.limit_nanos)
    preferred = fallback if posture.is_degraded and fallback else asked
    for offer in (preferred, fallback):
        if offer is None:
            continue
        # A stopped envelope lets through what is free, and a model that costs nothing is never in anybody's way.
        size = hold_for(offer.rate, ask, offer.learned, 0 if posture.is_stopped else left)
        if size is not None:
            after = None if left is None else left - size.held_nanos
            answer = Answer.DEGRADE if asked is None or offer.model != asked.model else Answer.ALLOW
            return Verdict(answer, _why_passed(posture, ask, offer, size, asked), offer.model, size, after, offer=offer)
    return _denied(ask, posture, used, asked, fallback)


def _why_passed(posture: Posture, ask: Ask, offer: Offer, size: Size, asked: Offer | None) -> str:
    words = WITHIN
    if posture.limit_nanos is None:
        words = f"{posture.workload} has no envelope, so nothing bounds it"
    elif asked is not offer and posture.is_degraded:
        words = f"{posture.workload} is degraded to {offer.model}"
    elif asked is not offer:
        words = f"{posture.workload} has too little left for the model asked for; {offer.model} still fits"
    if offer.is_ceiling:
        words += f"; no price is known for {offer.model}, so it is held at the ceiling price"
    if ask.max_output_tokens is None:
        basis = f"learned from {len(offer.learned.outputs)} answers" if offer.learned.outputs else "until more is known"
        words += f"; set max_output_tokens to {size.max_output_tokens} ({basis})"
    return words


def _denied(ask: Ask, posture: Posture, used: Used, asked: Offer | None, fallback: Offer | None) -> Verdict:
    model = asked.model if asked else fallback.model if fallback else ""
    left = used.left_of(posture.limit_nanos)
    offers = [offer for offer in (asked, fallback) if offer]
    name, help_line = posture.workload, f"Ask its sponsor with `/budget request {posture.workload}`."
    if posture.is_stopped:
        return Verdict(Answer.DENY, f"{name} was stopped by its sponsor. {help_line}", model, None, left)
    if not offers:
        reason = "No price is known for this model, and models without a price are denied here. Set one with `/budget price`."
        return Verdict(Answer.DENY, reason, model, None, left)
    assert posture.limit_nanos is not None and left is not None
    need = min(least_hold(offer.rate, ask, offer.learned) for offer in offers)
    gone = used.spent + used.charged
    if used.held > 0 and posture.limit_nanos - gone >= need:
        reason = (
            f"{name} has {usd(max(0, left))} free of {usd(posture.limit_nanos)}: {usd(gone)} spent, {usd(used.held)} held for "
            f"requests in flight. This request may cost {usd(need)}; try again when some of those are done."
        )
        return Verdict(Answer.DENY, reason, model, None, left, is_held=True, need_nanos=need)
    reason = (
        f"{name} has {usd(max(0, posture.limit_nanos - gone))} left of {usd(posture.limit_nanos)}; "
        f"this request may cost {usd(need)}. {help_line}"
    )
    return Verdict(Answer.DENY, reason, model, None, left, need_nanos=need)
