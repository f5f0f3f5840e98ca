"""What a line after `/budget` can ask for, as values; with `share` the whole channel should see the answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from bot.slack.alert_forms import AlertCommand
from bot.slack.command_reconcile import Reconcile
from bot.slack.command_settings import AwayCommand, SettingsCommand
from bot.slack.forecast_forms import ForecastCommand
from bot.slack.rollout_forms import RolloutCommand
from core.change_request import SetOrder
from core.exporting.focus import Form
from core.period import Cycle


@dataclass(frozen=True, slots=True)
class Hub:
    """`/budget` alone."""

    share: bool = False


@dataclass(frozen=True, slots=True)
class Help:
    """`topic` is a command's first word, or None for all of them."""

    topic: str | None = None
    share: bool = False


@dataclass(frozen=True, slots=True)
class Status:
    """All workloads, or one. Its name is well-formed, but nobody has looked whether it exists."""

    workload: str | None = None
    share: bool = False


@dataclass(frozen=True, slots=True)
class Set:
    """An envelope to create or change; `order` is None where a modal has to ask for everything."""

    order: SetOrder | None = None
    share: bool = False

    @property
    def wants_modal(self) -> bool:
        """True when nothing but perhaps the workload was said."""
        return self.order is None or self.order == SetOrder(workload=self.order.workload)


@dataclass(frozen=True, slots=True)
class Spend:
    """`spend by …`: a dimension of `Breakdown`, and the cycle, never a future one."""

    dimension: str
    cycle: Cycle
    share: bool = False


@dataclass(frozen=True, slots=True)
class WorkloadAdd:
    """A rule for a workload; `pairs` make a valid rule."""

    name: str
    pairs: dict[str, str]
    share: bool = False


@dataclass(frozen=True, slots=True)
class WorkloadRules:
    name: str
    share: bool = False


@dataclass(frozen=True, slots=True)
class WorkloadRemove:
    """A rule to take away, named by its conditions."""

    name: str
    pairs: dict[str, str]
    share: bool = False


@dataclass(frozen=True, slots=True)
class WorkloadExplain:
    """Labels whose rule is asked for; `workload` among them is the name that an event gives itself."""

    pairs: dict[str, str]
    share: bool = False


@dataclass(frozen=True, slots=True)
class WorkloadList:
    share: bool = False


@dataclass(frozen=True, slots=True)
class Audit:
    workload: str | None = None
    share: bool = False


@dataclass(frozen=True, slots=True)
class Export:
    """A month as a file; never a future one."""

    cycle: Cycle
    form: Form
    share: bool = False


@dataclass(frozen=True, slots=True)
class Price:
    """A price to show, or to set where `prices` is not empty.

    `prices` maps token classes to dollars per million tokens as typed, readable by `core.rates.parse_price`;
    `from_on` is a UTC day, None means today.
    """

    model: str | None = None
    provider: str | None = None
    prices: dict[str, str] = field(default_factory=dict)
    from_on: date | None = None
    tier: str = "standard"
    share: bool = False


@dataclass(frozen=True, slots=True)
class Sources:
    share: bool = False


@dataclass(frozen=True, slots=True)
class CompareSources:
    """Which sources report the same calls of a provider in a month."""

    provider: str
    month: Cycle
    share: bool = False


@dataclass(frozen=True, slots=True)
class Unattributed:
    share: bool = False


@dataclass(frozen=True, slots=True)
class Tags:
    """All tags, one of them, or with `merges` (spelling, value) pairs the wish to merge values of one.

    `dimension` is a tag's bare name.
    """

    dimension: str | None = None
    merges: tuple[tuple[str, str], ...] = ()
    share: bool = False


@dataclass(frozen=True, slots=True)
class AskForMore:
    """`request`: without an amount a form opens; `nanos` and `reason` come together."""

    workload: str
    nanos: int | None = None
    reason: str = ""
    share: bool = False


@dataclass(frozen=True, slots=True)
class Holdback:
    """Without a reason a form opens."""

    workload: str
    reason: str = ""
    share: bool = False


@dataclass(frozen=True, slots=True)
class Approvals:
    share: bool = False


ResponseCommand = AskForMore | Holdback | Approvals
WorkloadCommand = WorkloadAdd | WorkloadRules | WorkloadRemove | WorkloadExplain | WorkloadList
TrustCommand = Sources | CompareSources | Unattributed | Tags
Command = (
    Hub
    | Export
    | Help
    | Status
    | Set
    | Spend
    | WorkloadCommand
    | Audit
    | Price
    | Reconcile
    | TrustCommand
    | ForecastCommand
    | ResponseCommand
    | RolloutCommand
    | AlertCommand
    | AwayCommand
    | SettingsCommand
)
