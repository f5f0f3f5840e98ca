"""`whatif`: the same forecast under changes, beside today's. Nothing is stored until somebody saves it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from core.errors import OutOfRange, UnknownName
from core.forecast import Forecast, forecast_all, what_if
from core.scenario import Change, ModelMove
from core.services.forecast_spend import Outlook, outlook
from core.spelling import nearest
from core.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Trial:
    """Two forecasts side by side.

    Attributes:
      now: as things stand; `then` the forecast under the changes from `from_on` on.
      crosses_models: tokens are counted over between models although tokenizers differ; whoever shows this says so.
    """

    now: Outlook
    then: Forecast
    changes: tuple[Change, ...]
    from_on: date
    crosses_models: bool

    @property
    def difference_nanos(self) -> int:
        """Month-end under the changes less month-end as things stand, at p50."""
        return self.then.p50_nanos - self.now.forecast.p50_nanos


async def try_changes(
    uow: UnitOfWork, workload: str, changes: Sequence[Change], *, now: datetime, from_on: date | None = None
) -> Trial:
    """Forecast one workload under changes. Raises UnknownName for a model nobody uses or prices, OutOfRange without changes."""
    if not changes:
        raise OutOfRange(
            "Say what changes: volume=+20%, cache=+20pt, input=-10%, output=-10% or move=A->B:30%.",
            correction=f"/budget whatif {workload} volume=+20%",
        )
    current = await outlook(uow, workload, now=now, extra=changes)
    used = sorted(current.models)
    for change in changes:
        if not isinstance(change, ModelMove):
            continue
        if change.from_model not in current.models:
            close = nearest(change.from_model, used)
            known = f"Did you mean {close}?" if close else f"It uses {', '.join(used) or 'no model yet'}."
            raise UnknownName(
                f"{current.month.workload} does not use {change.from_model}. {known}",
                correction=_moved(workload, close or used[0], change) if used else None,
            )
        if change.to_model not in current.month.rates:
            raise UnknownName(
                f"{change.to_model} has no known price, so nothing can be said about moving to it.",
                correction=f"/budget price {change.to_model} input=1.25 output=10",
            )
    start = max(from_on or now.astimezone(uow.zone).date(), current.forecast.as_of)
    (then,) = await asyncio.to_thread(forecast_all, [what_if(current.month, changes, start)])
    crosses = any(isinstance(change, ModelMove) for change in changes)
    return Trial(current, then, tuple(changes), start, crosses)


def _moved(workload: str, used: str, asked: ModelMove) -> str:
    """The line that was meant, from a model that is in use."""
    return f"/budget whatif {workload} move={used}->{asked.to_model}:{asked.share * 100:g}%"
