"""The guard's decision: allow, degrade or deny one request, from what an envelope has left. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from core.degradation import CALM, Stance, room_of
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
      limit_nanos: nothing that costs passes beyond; None when the workload has no envelope and nothing bounds it.
      fallback: the cheaper model to swap to when the asked one no longer fits; None when there is none.
      is_degraded: degradation is on whatever is left: the books or the sponsor said so.
      is_stopped: nothing that costs goes through, because the sponsor said so.
      hard_nanos: as far as requests keep their model; None for the limit.
      requests_per_minute: how many pass in a minute of the clock once `throttled_nanos` are used, or while degraded without
        a cheaper model.
    """

    workload: str
    limit_nanos: int | None
    fallback: str | None = None
    is_degraded: bool = False
    is_stopped: bool = False
    hard_nanos: int | None = None
    requests_per_minute: int | None = None
    throttled_nanos: int | None = None


@dataclass(frozen=True, slots=True)
class Used:
    """What is gone of an envelope, in nanos: spent in the books, held for requests in flight, charged without their usage."""

    spent: int = 0
    held: int = 0
    charged: int = 0

    def left_of(self, limit: int | None) -> int | None:
        return None if limit is None else limit - self.spent - self.held - self.charged

    @property
    def total(self) -> int:
        return self.spent + self.held + self.charged

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
      takes_turn: it passes only as one of the requests of this minute; see `in_turn`.
    """

    answer: Answer
    reason: str
    model: str
    size: Size | None
    left_nanos: int | None
    is_held: bool = False
    need_nanos: int = 0
    offer: Offer | None = None
    takes_turn: bool = False


def posture_of(envelope: Envelope | None, workload: str, cycle: Cycle, stance: Stance = CALM) -> Posture:
    """From the envelope's terms and from what was decided about it, exact to the nano; see `core.degradation`.

    Where the ladder was lifted or only reports, requests keep their model as far as it would have gone.
    """
    if envelope is None:
        return Posture(workload, None)
    ladder = envelope.terms.degrade
    room = room_of(envelope.size(cycle), envelope.terms.hard_share, ladder)
    if ladder is None or not ladder.has_steps or ladder.is_dry_run or stance.is_lifted:
        return Posture(workload, room.limit, is_stopped=stance.is_stopped)
    return Posture(
        workload, room.limit, ladder.model, stance.is_degraded, stance.is_stopped,
        hard_nanos=room.hard, requests_per_minute=ladder.requests_per_minute, throttled_nanos=room.throttled,
    )  # fmt: skip


def decide(ask: Ask, posture: Posture, used: Used, asked: Offer | None, fallback: Offer | None) -> Verdict:
    """Answer one request.

    Args:
      asked: the model it names; None when that has no price and models without one are denied.
      fallback: `posture.fallback` as an offer, where it has a price.
    """
    if posture.hard_nanos is not None and fallback is None and posture.requests_per_minute is None:
        # The cheaper model has no price: there is nothing to go on with past the hard threshold.
        posture = replace(posture, limit_nanos=posture.hard_nanos, hard_nanos=None, is_degraded=False)
    for offer, bound in _ways(ask, posture, asked, fallback):
        # A stopped envelope lets through what is free, and a model that costs nothing is never in anybody's way.
        left = used.left_of(bound)
        size = hold_for(offer.rate, ask, offer.learned, 0 if posture.is_stopped else left)
        if size is not None:
            rest = used.left_of(posture.limit_nanos)
            after = None if rest is None else rest - size.held_nanos
            answer = Answer.DEGRADE if asked is None or offer.model != asked.model else Answer.ALLOW
            reason = _why_passed(posture, ask, offer, size, asked)
            takes_turn = size.held_nanos > 0 and _is_throttled(posture, used.total + size.held_nanos, fallback)
            return Verdict(answer, reason, offer.model, size, after, offer=offer, takes_turn=takes_turn)
    return _denied(ask, posture, used, asked, fallback)


def _ways(
    ask: Ask, posture: Posture, asked: Offer | None, fallback: Offer | None
) -> Iterator[tuple[Offer, int | None]]:
    """The models that may serve the request in the order to try them, each with how far money goes for it.

    What is free, or no dearer than the cheaper model, keeps its model; so it does where only a throttle stands past hard.
    """
    if asked is not None and not (posture.is_degraded and fallback):
        yield asked, posture.limit_nanos if posture.hard_nanos is None or fallback is None else posture.hard_nanos
    if asked is not None and fallback is not None:
        own, other = (least_hold(offer.rate, ask, asked.learned) for offer in (asked, fallback))
        if own <= other:
            yield asked, posture.limit_nanos
    if fallback is not None:
        yield fallback, posture.limit_nanos


def _is_throttled(posture: Posture, used_nanos: int, fallback: Offer | None) -> bool:
    if posture.requests_per_minute is None or posture.throttled_nanos is None:
        return False
    starts = posture.throttled_nanos if fallback or posture.hard_nanos is None else posture.hard_nanos
    return used_nanos > starts or (posture.is_degraded and fallback is None)


def in_turn(posture: Posture, verdict: Verdict, taken: int, now: datetime) -> tuple[Verdict, int | None]:
    """The verdict where this minute still has a turn, or else a denial and the seconds until the next minute.

    Args:
      taken: requests of this workload that were let through in this minute of the clock.
    """
    per_minute = posture.requests_per_minute
    if not verdict.takes_turn or per_minute is None or taken < per_minute:
        return verdict, None
    seconds = 60 - now.second
    reason = (
        f"{posture.workload} is throttled to {per_minute:,} requests a minute past its hard threshold, and this minute's are "
        f"taken. Try again in {seconds} s, or ask its sponsor with `/budget request {posture.workload}`."
    )
    return Verdict(Answer.DENY, reason, verdict.model, None, verdict.left_nanos), seconds


def _why_passed(posture: Posture, ask: Ask, offer: Offer, size: Size, asked: Offer | None) -> str:
    words = WITHIN
    if posture.limit_nanos is None:
        words = f"{posture.workload} has no envelope, so nothing bounds it"
    elif asked is not offer and posture.is_degraded:
        words = f"{posture.workload} is degraded to {offer.model}"
    elif asked is not offer and posture.hard_nanos is not None and posture.hard_nanos < posture.limit_nanos:
        words = f"{posture.workload} is past its hard threshold and degraded to {offer.model}"
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
    assert posture.limit_nanos is not None and left is not None, "without a limit a priced request fits"
    ways = [
        (least_hold(offer.rate, ask, offer.learned), bound) for offer, bound in _ways(ask, posture, asked, fallback)
    ]
    need = min(cost for cost, _ in ways)
    gone = used.spent + used.charged
    if used.held > 0 and any((posture.limit_nanos if bound is None else bound) - gone >= cost for cost, bound in ways):
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
