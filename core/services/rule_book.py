"""Rules as they decide now, and who may change them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.attribution import Attribution, Labels
from core.errors import NotAllowed
from core.people import Actor
from core.store.unit_of_work import Transaction
from core.tags import Aliases
from core.workload import UNATTRIBUTED_ID, Workload


@dataclass(frozen=True, slots=True)
class RuleBook:
    """Every workload with its rules, the aliases that both are read with, and every label set by its number."""

    workloads: tuple[Workload, ...]
    aliases: Aliases
    labels: dict[int, Labels]

    @property
    def attribution(self) -> Attribution:
        return self.with_workloads(self.workloads)

    @property
    def names(self) -> dict[int, str]:
        return {known.id: known.name for known in self.workloads}

    def with_workloads(self, workloads: Sequence[Workload]) -> Attribution:
        """How other rules would decide."""
        return Attribution(workloads, self.aliases)

    def workload(self, number: int) -> Workload:
        return next(known for known in self.workloads if known.id == number)


async def rule_book(tx: Transaction) -> RuleBook:
    return RuleBook(await tx.workloads.all(), await tx.tags.aliases(), await tx.series.all())


async def require_right(tx: Transaction, workload: Workload | None, by: Actor, name: str) -> None:
    """Anybody may add a workload that is new and becomes its owner; an existing one belongs to its owner and to finance.

    Raises NotAllowed.
    """
    if workload is None or by.is_finance:
        return
    envelope = await tx.envelopes.of(workload.id)
    if envelope:
        by.require_steward(envelope.terms.people, f"change the rules of {name}")
    elif workload.owner != by.id:
        who = f"<@{workload.owner}> or the finance team" if workload.owner else "the finance team"
        raise NotAllowed(f"{name} belongs to somebody else. Ask {who} to change its rules.")


async def require_rights(tx: Transaction, book: RuleBook, numbers: set[int], by: Actor) -> None:
    """The right to move spend in or out of all these workloads; what is unattributed may be claimed by anybody."""
    for number in sorted(numbers - {UNATTRIBUTED_ID}):
        workload = book.workload(number)
        await require_right(tx, workload, by, workload.name)
