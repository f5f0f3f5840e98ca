"""What happens past the hard threshold: a ladder of `cheaper model → throttle → stop`, and how an envelope was told to stand.

The ladder works in the room between the hard threshold and the whole envelope: from the hard threshold on requests go to the
cheaper model; where a throttle is named too, it joins halfway. At the end of the envelope nothing that costs passes, ladder or
not. With hard=100% there is no room, and the ladder only swaps the last requests that no longer fit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from core.errors import OutOfRange, Unreadable

_DRY = ("dry-run", "dryrun", "dry_run")
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Degradation:
    """One workload's ladder. At least one of the three rungs is there.

    Attributes:
      model: the cheaper model that requests are swapped to.
      requests_per_minute: how many requests pass in a minute of the clock; free models are not counted.
      stop: named as the last rung. Alone it means that nothing passes from the hard threshold on.
      is_dry_run: nothing is enforced; what it would have done is reported.
    """

    model: str | None = None
    requests_per_minute: int | None = None
    stop: bool = False
    is_dry_run: bool = False

    def __str__(self) -> str:
        rungs = [self.model] if self.model else []
        if self.requests_per_minute:
            rungs.append(f"throttle={self.requests_per_minute}/min")
        if self.stop:
            rungs.append("stop")
        if self.is_dry_run:
            rungs.append("dry-run")
        return ",".join(rungs)

    @property
    def has_steps(self) -> bool:
        """Whether something still passes past the hard threshold."""
        return self.model is not None or self.requests_per_minute is not None

    @classmethod
    def parse(cls, text: str) -> Degradation:
        """`stop`, `throttle=60/min`, a model's name, or a ladder of them: `gpt-4.1-mini,throttle=60/min,stop`.

        `dry-run` as a further word only reports. Raises Unreadable, OutOfRange.
        """
        words = [word for part in text.replace("→", ",").split(",") if (word := part.strip())]
        if not words:
            raise _unreadable(text)
        ladder = cls()
        for word in words:
            ladder = ladder._with(word)
        if not ladder.has_steps and not ladder.stop:
            raise Unreadable("dry-run needs a ladder to try, for example degrade=gpt-4.1-mini,dry-run.")
        return ladder

    def _with(self, word: str) -> Degradation:
        plain = word.lower()
        if plain == "stop":
            return self._once("stop", self.stop, replace(self, stop=True))
        if plain in _DRY:
            return self._once("dry-run", self.is_dry_run, replace(self, is_dry_run=True))
        if plain.startswith("throttle"):
            throttled = replace(self, requests_per_minute=_per_minute(word))
            return self._once("a throttle", self.requests_per_minute is not None, throttled)
        if len(word) > 100 or not word.isprintable() or " " in word:
            raise _unreadable(word)
        return self._once("a cheaper model", self.model is not None, replace(self, model=word))

    def _once(self, what: str, is_there: bool, then: Degradation) -> Degradation:
        if is_there:
            raise OutOfRange(f"The ladder names {what} twice. Name it once, like gpt-4.1-mini,throttle=60/min,stop.")
        return then


def _per_minute(word: str) -> int:
    number = (
        word.lower().removeprefix("throttle").lstrip("=: ").removesuffix("/min").removesuffix("/minute").strip()
    )  # fmt: skip
    if not (number.isascii() and number.isdecimal()) or len(number) > 7 or not 1 <= int(number) <= 1_000_000:
        raise OutOfRange(f"“{word[:40]}” is not a throttle. Write it like throttle=60/min, from 1 to 1,000,000.")
    return int(number)


def _unreadable(text: str) -> Unreadable:
    return Unreadable(f"“{text[:40]}” is not a way to degrade. Use a cheaper model's name, throttle=60/min or stop.")


@dataclass(frozen=True, slots=True)
class Room:
    """How far money goes through a ladder; nanos of everything that is used.

    Attributes:
      hard: from here on the first rung is in force.
      throttled: from here on the throttle is; None without one.
      limit: nothing that costs passes beyond.
    """

    hard: int
    throttled: int | None
    limit: int


def room_of(size_nanos: int, hard_share: float, ladder: Degradation | None) -> Room:
    """Where the rungs begin, exact to the nano. Without steps the hard threshold is the limit."""
    share = round(hard_share * 10_000)
    hard = size_nanos * share // 10_000
    if ladder is None or not ladder.has_steps:
        return Room(hard, None, hard)
    limit = size_nanos * max(share, 10_000) // 10_000
    if ladder.requests_per_minute is None:
        return Room(hard, None, limit)
    return Room(hard, hard + (limit - hard) // 2 if ladder.model else hard, limit)


@dataclass(frozen=True, slots=True)
class Stance:
    """How an envelope was told to stand in one cycle, beyond what its money says.

    Attributes:
      is_degraded: the ladder is on although money may be left: a hard breach did it, or its sponsor.
      is_stopped: the sponsor stopped it: nothing that costs passes.
      is_dry_run: the ladder was only reporting when this began.
      by: a Slack user id, or `outlay`.
      because: in words, for people.
      undone_at: somebody entitled lifted the ladder; requests keep their model as far as the envelope goes.
      granted_until: a grant is in force until then.
    """

    is_degraded: bool = False
    is_stopped: bool = False
    is_dry_run: bool = False
    since: datetime | None = None
    by: str = ""
    because: str = ""
    breach_id: int | None = None
    undone_at: datetime | None = None
    undone_by: str | None = None
    granted_until: datetime | None = None

    @property
    def is_lifted(self) -> bool:
        return self.undone_at is not None


CALM = Stance()
"""Nobody said anything: the money alone decides."""
