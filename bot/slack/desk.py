"""What the listeners work with: the books, the clock and the settings that concern Slack."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import date, datetime

from bot.slack.homes import Homes
from core.services.envelope_defaults import Defaults
from core.store.unit_of_work import UnitOfWork

SLACK_API: str = "https://slack.com/api/"


def _nobody_to_wake() -> None:
    """For a desk without delivery: the outbox is then read on the schedule alone."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Made once, in the wiring.

    Attributes:
      clock: the one clock; answers with aware UTC.
      finance: Slack user ids of the finance team; the first is the finance partner where none is named.
      channel: Slack channel id for envelopes that name none.
      signing_secret: "" with Socket Mode, where Slack signs nothing.
      api_url: base of the Web API.
      charts: where charts are drawn, off the event loop; one thread, because matplotlib's text caches are shared.
      homes: the Home tabs; None where none are kept, as in tests of one listener.
      learns: forecasts carry the correction of signed invoices.
      wake_delivery: tells the delivery that something lies in the outbox; must not block.
    """

    uow: UnitOfWork
    clock: Callable[[], datetime]
    bot_token: str
    charts: Executor
    signing_secret: str = ""
    finance: tuple[str, ...] = ()
    channel: str | None = None
    api_url: str = SLACK_API
    wake_delivery: Callable[[], None] = _nobody_to_wake
    learns: bool = True
    homes: Homes | None = None

    @property
    def defaults(self) -> Defaults:
        return Defaults(self.finance[0] if self.finance else None, self.channel)

    def today(self) -> date:
        """The day in the books' time zone."""
        return self.clock().astimezone(self.uow.zone).date()
