"""What has to be true when a month is over. Each check names what is wrong; an empty list is a month in which all went well."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from core.breach import BreachKind
from core.services.keep_books import check_books
from core.store.unit_of_work import UnitOfWork
from tests.simulation.company import OWNERS, name_of
from tests.simulation.month import Month

_MARK: Final = re.compile(r"⟦(\S+) (\S+) (\d+) (\S+) (open|closed)⟧")
_RANK: Final = {kind.value: kind.rank for kind in BreachKind}


@dataclass(frozen=True)
class Verdict:
    """What a month came to.

    Attributes:
      wrong: what must not be, in words.
      transitions: breaches that opened, in all cycles; `told` messages that had to be posted for them and everything else.
      doubles: messages that were posted although they had been posted before.
    """

    wrong: tuple[str, ...]
    transitions: int
    told: int
    doubles: int
    deaths: int
    faults: int


async def judged(month: Month) -> Verdict:
    uow = UnitOfWork(month.plan.url, ZoneInfo("UTC"))
    try:
        notices = await rows(uow, "SELECT id, kind, recipient, subject, place, folded_into, ts FROM outbox")
        breaches = await rows(
            uow, "SELECT b.id, w.name, b.cycle, b.revision, b.kind, b.threshold_bp, b.workload_id FROM breaches b "
            "JOIN workloads w ON w.id = b.workload_id",
        )  # fmt: skip
        seen = Counter(number for posted in month.posted for number in posted.ids)
        wrong = [
            *untold(notices, breaches, seen),
            *missed(month, breaches),
            *lower_after_higher(month),
            *await without_reason(uow),
            *await own_decisions(uow),
            *await disagreeing(uow, month),
            *await stale_messages(uow, month),
        ]
    finally:
        await uow.close()
    # What somebody deleted before its answer was known is nowhere to be found, so it is posted again.
    doubles = sum(count - 1 for number, count in seen.items() if number not in month.vanished)
    if month.plan.may_look_back and doubles:
        wrong.append(f"{doubles} messages were posted twice although history can be read")
    return Verdict(
        tuple(f"seed {month.plan.seed}: {one}" for one in wrong), len(breaches), len(seen), doubles,
        len(month.deaths), sum(month.struck.values()),
    )  # fmt: skip


def untold(notices: list[Any], breaches: list[Any], seen: Counter[int]) -> list[str]:
    """Every message and every reply was posted, and every breach has a message."""
    due = [one for one in notices if one.place in ("post", "thread") and one.folded_into is None]
    wrong = [f"{one.kind} {one.subject} for {one.recipient} was never posted" for one in due if not seen[one.id]]
    told = {one.subject for one in notices if one.place == "post" and seen[one.id]}
    return wrong + [f"{one.kind} of {one.name} was never told" for one in breaches if f"breach/{one.id}" not in told]


def missed(month: Month, breaches: list[Any]) -> list[str]:
    """By adding up: who passed a threshold of an envelope that nobody changed has its breach, in every cycle anew; nobody
    else has."""
    kinds: dict[tuple[str, str], set[str]] = {}
    for one in breaches:
        kinds.setdefault((one.name, one.cycle), set()).add(one.kind)
    wrong = []
    for cycle in ("2026-11", "2026-12"):
        for number in range(month.plan.envelopes):
            workload = name_of(number)
            if workload in month.touched:
                continue
            cents, found = month.spent[workload, cycle], kinds.get((workload, cycle), set())
            if cents >= 100 and "hard" not in found:
                wrong.append(f"{workload} spent {cents} of 100 in {cycle} without a hard breach")
            if 80 <= cents < 100 and "soft" not in found:
                wrong.append(f"{workload} spent {cents} of 100 in {cycle} without a soft breach")
            if (cents < 100 and "hard" in found) or (cents < 80 and "soft" in found):
                wrong.append(f"{workload} spent only {cents} of 100 in {cycle} and has {sorted(found)}")
    return wrong


def lower_after_higher(month: Month) -> list[str]:
    """In the order of posting, no open lower threshold comes after a higher one of the same envelope and revision."""
    highest: dict[tuple[str, ...], int] = {}
    wrong = []
    for posted in month.posted:
        for workload, cycle, revision, kind, state in dict.fromkeys(_MARK.findall(posted.text)):
            rank, key = _RANK[kind], (posted.channel, workload, cycle, revision)
            if not rank or state == "closed":
                continue
            if rank < highest.get(key, 0):
                wrong.append(f"{kind} of {workload} was told in {posted.channel} after a higher threshold")
            highest[key] = max(rank, highest.get(key, 0))
    return wrong


async def without_reason(uow: UnitOfWork) -> list[str]:
    """Every breach has the reason kept for which it was told."""
    found = await rows(
        uow, "SELECT b.id, b.kind, b.workload_id FROM breaches b LEFT JOIN alert_decisions d ON d.workload_id = b.workload_id "
        "AND d.cycle = b.cycle AND d.revision = b.revision AND d.kind = b.kind AND d.threshold_bp = b.threshold_bp "
        "WHERE d.workload_id IS NULL",
    )  # fmt: skip
    orphans = await rows(
        uow, "SELECT o.id, o.subject FROM outbox o WHERE o.kind IN ('breach', 'breach_note') AND NOT EXISTS "
        "(SELECT 1 FROM breaches b WHERE o.subject = 'breach/' || b.id)",
    )  # fmt: skip
    return [f"breach {one.id} ({one.kind}) has no reason" for one in found] + [
        f"notice {one.id} is about {one.subject}, which is not there" for one in orphans
    ]


async def own_decisions(uow: UnitOfWork) -> list[str]:
    """Nobody approves their own request, and no owner grants."""
    requests = await rows(
        uow, "SELECT id FROM change_requests WHERE state IN ('approved', 'declined') AND decided_by = requested_by"
    )
    grants = await rows(
        uow, "SELECT g.id FROM grants g JOIN envelopes e ON e.workload_id = g.workload_id "
        f"WHERE g.granted_by = e.owner OR g.granted_by = g.asked_by OR g.granted_by IN {OWNERS!r}",
    )  # fmt: skip
    return [f"request {one.id} was decided by who asked" for one in requests] + [
        f"grant {one.id} was given by an owner" for one in grants
    ]


async def disagreeing(uow: UnitOfWork, month: Month) -> list[str]:
    """Events, hours and days add up to the same, which is what was sent."""
    agreement = await check_books(uow)
    sent = sum(month.spent.values()) * 10_000_000
    wrong = [] if agreement.holds else [f"the books disagree: {agreement}"]
    return (
        wrong if agreement.events[1] == sent else [*wrong, f"{sent} nanos were sent, {agreement.events[1]} are booked"]
    )


async def stale_messages(uow: UnitOfWork, month: Month) -> list[str]:
    """The last thing known of a breach is what its message shows, unless somebody deleted that."""
    newest = await rows(
        uow, "SELECT o.id, o.subject, o.facts, o.channel, o.ts FROM outbox o WHERE o.kind = 'breach' AND o.place <> 'thread' "
        "AND o.id = (SELECT max(n.id) FROM outbox n WHERE n.subject = o.subject AND n.recipient = o.recipient AND n.place <> 'thread')",
    )  # fmt: skip
    wrong = []
    for one in newest:
        message = month.box.bench.workspace.messages.get(one.channel or "", {}).get(one.ts or "")
        if message is None or message.deleted:
            continue
        is_closed = '"closed_because":null' not in one.facts.replace(" ", "")
        number = one.subject.removeprefix("breach/")
        marks = _MARK.findall(f"{message.text} {message.blocks}")
        if len(set(marks)) == 1 and (marks[0][4] == "closed") is not is_closed:
            wrong.append(f"breach {number} is {'closed' if is_closed else 'open'} but its message says otherwise")
    return wrong


async def rows(uow: UnitOfWork, query: str) -> list[Any]:
    async with uow.read() as tx:
        return list(await tx.connection.exec_driver_sql(query))
