"""What the form of an envelope starts from: the envelope in force, or a size suggested from forecast and spend."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.correction import NOTHING_LEARNED
from core.envelope import Envelope
from core.money import usd
from core.people import Actor
from core.period import Cycle
from core.services.envelope_defaults import Defaults
from core.services.learn_corrections import corrections_for
from core.services.manage_preferences import preferences_in
from core.services.suggested_size import as_billed, foretold_basis, with_margin
from core.store.unit_of_work import UnitOfWork
from core.workload import UNATTRIBUTED, workload_name


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the modal starts from. `suggested_nanos` comes with its `basis` in words; None when there is nothing to go by.

    `owner` is whom the workload belongs to already, if anybody.
    """

    workload: str | None
    envelope: Envelope | None
    suggested_nanos: int | None
    basis: str
    names: tuple[str, ...]
    defaults: Defaults
    owner: str | None = None


async def proposal(
    uow: UnitOfWork, workload: str | None, *, by: Actor, defaults: Defaults, now: datetime, learns: bool = True
) -> Proposal:
    """What to fill the modal with: the envelope as it is, or a suggestion from spend. Raises OutOfRange for a name that cannot be one.

    Args:
      learns: whether a forecast is corrected by what signed invoices teach.
    """
    cycle = Cycle.of(now, uow.zone)
    async with uow.read() as tx:
        names = await tx.workloads.names()
        envelopes = await tx.envelopes.all()
        this = await tx.spend.by_workload(cycle.first_on, cycle.last_on)
        last = await tx.spend.by_workload(cycle.previous.first_on, cycle.previous.last_on)
        foretold = await tx.forecasts.latest(cycle)
        owners = {known.name: known.owner for known in await tx.workloads.all()}
        defaults = defaults.preferring(await preferences_in(tx))
    if workload is None:
        without = [
            (this[number].cost_nanos, name)
            for name, number in names.items()
            if number in this and number not in envelopes and name != UNATTRIBUTED
        ]
        workload = max(without)[1] if without else None
    else:
        workload = workload_name(workload)
    number = names.get(workload) if workload else None
    envelope = envelopes.get(number) if number else None
    ordered = tuple(name for name in names if name != UNATTRIBUTED)
    owner = owners.get(workload) if workload else None
    if number is None or number not in this:
        nothing = "No usage yet this cycle, so there is nothing to suggest from."
        return Proposal(workload, envelope, None, nothing, ordered, defaults, owner)
    margin = envelope.terms.margin if envelope else defaults.margin
    elapsed = cycle.share_elapsed(now, uow.zone)
    spent, before = this[number].cost_nanos, last[number].cost_nanos if number in last else 0
    if (told := foretold.get(number)) and told.p50_nanos:
        learned = await corrections_for(uow, number, cycle) if learns else NOTHING_LEARNED
        told = as_billed(told, learned)
        suggested = with_margin(told.p50_nanos, margin)
        basis = foretold_basis(told, margin, spent, learned=learned.words)
        return Proposal(workload, envelope, suggested, basis, ordered, defaults, owner)
    run_rate = int(spent / elapsed) if elapsed > 1 / 31 else before
    base, words = max((run_rate, "this month's run-rate"), (before, "last month's spend"))
    suggested = with_margin(base, margin)
    basis = f"{words[0].upper()}{words[1:]} of {usd(base)} plus {margin:.0%} margin; spent so far {usd(spent)}."
    return Proposal(workload, envelope, suggested or None, basis, ordered, defaults, owner)
