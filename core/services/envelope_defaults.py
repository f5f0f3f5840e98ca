"""What a new envelope takes where nothing is said: the settings file, and before it what finance has set in Slack."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.envelope import Terms
from core.people import People
from core.preferences import DEFAULT_MARGIN, Preferences
from core.quiet import parse_quiet


@dataclass(frozen=True, slots=True)
class Defaults:
    """`finance` and `channel` are Slack ids."""

    finance: str | None
    channel: str | None
    preferences: Preferences = field(default_factory=Preferences)

    @property
    def margin(self) -> float:
        return DEFAULT_MARGIN if self.preferences.margin is None else self.preferences.margin

    def preferring(self, kept: Preferences) -> Defaults:
        """With what finance has set in Slack."""
        return Defaults(self.finance, kept.channel or self.channel, kept)


def usual_deputy(defaults: Defaults, owner: str, sponsor: str) -> str | None:
    """The workspace's deputy, where that is neither who spends nor who decides already."""
    deputy = defaults.preferences.deputy
    return deputy if deputy not in (owner, sponsor) else None


def first_terms(people: People, defaults: Defaults) -> Terms:
    """What a new envelope has before anything is ordered."""
    kept = defaults.preferences
    quiet = parse_quiet(kept.quiet) if kept.quiet else None
    return Terms(people, defaults.channel, kept.soft, kept.hard, defaults.margin, quiet=quiet)


def given(value: float | None, otherwise: float) -> float:
    """What was said, also where that is 0."""
    return otherwise if value is None else value
