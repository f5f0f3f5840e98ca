"""What rules catch, before and after they are added, and which rule decides on a label set. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from core.attribution import Attribution, Labels
from core.errors import OutOfRange, UnknownName
from core.moves import Shift, moves, shifts
from core.period import Cycle
from core.services.names import resolve
from core.services.rule_book import RuleBook, rule_book
from core.standing import Catch
from core.store.unit_of_work import Transaction, UnitOfWork
from core.workload import UNATTRIBUTED, UNATTRIBUTED_ID, Rule, Workload, make_rule, workload_name

PREVIEW_DAYS: Final = 30
_EXAMPLES: Final = 5
_NEARLY: Final = 5


@dataclass(frozen=True, slots=True)
class RuleStanding:
    """One rule over the last 30 days.

    Attributes:
      requests, nanos: usage on which it decides, by the rules of now.
      shifts: the part of that which counts to another workload, because it came before the rule.
    """

    rule: Rule
    requests: int
    nanos: int
    shifts: tuple[Shift, ...] = ()


@dataclass(frozen=True, slots=True)
class RulesStanding:
    """A workload's rules with what each caught, and what all of them caught."""

    workload: Workload
    catch: Catch
    rules: tuple[RuleStanding, ...]


@dataclass(frozen=True, slots=True)
class Removal:
    """What taking a rule away would change from then on: usage of the last 30 days that would have counted elsewhere."""

    workload: Workload
    rule: Rule
    since: date
    requests: int
    nanos: int
    shifts: tuple[Shift, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Which rule decides on some labels, and why.

    Attributes:
      asked: the labels as they are read, aliases applied.
      decides: the rule that decides; None where the workload was named directly or nothing matches.
      is_named: the event named its workload, which goes before every rule.
      others: rules that matched too, in the order of precedence, with the workload of each.
      nearly: rules that would match too if more labels were given, with the workload of each; at most five.
    """

    asked: tuple[tuple[str, str], ...]
    workload: str
    decides: Rule | None
    is_named: bool
    others: tuple[tuple[Rule, str], ...]
    nearly: tuple[tuple[Rule, str], ...]


async def preview_rule(uow: UnitOfWork, name: str, pairs: dict[str, str], *, now: datetime) -> Catch:
    """What the rule would catch of the last 30 days, given all other rules. Raises OutOfRange, UnknownName."""
    name, rule = workload_name(name), make_rule(pairs)
    async with uow.read() as tx:
        return await _catch(tx, await rule_book(tx), name, (rule,), now=now)


async def rules_of(uow: UnitOfWork, name: str, *, now: datetime) -> RulesStanding:
    """A workload with its rules, and what each and all of them caught over the last 30 days. Raises UnknownName."""
    async with uow.read() as tx:
        number, _ = await resolve(tx, name, command="/budget workload rules")
        book = await rule_book(tx)
        workload = book.workload(number)
        catch = await _catch(tx, book, workload.name, workload.rules, now=now)
        recent = await tx.spend.by_series(*_days(tx, now))
    return RulesStanding(workload, catch, _per_rule(book, workload, recent))


def _per_rule(book: RuleBook, workload: Workload, recent: list[tuple[int, int, int, int]]) -> tuple[RuleStanding, ...]:
    attribution = book.attribution
    decided: dict[int, list[tuple[int, int, int, int]]] = {rule.id: [] for rule in workload.rules}
    for row in recent:
        labels = book.labels[row[1]]
        rule = None if attribution.named(labels) else attribution.rule_for(labels)
        if rule is not None and rule.id in decided:
            decided[rule.id].append(row)
    return tuple(
        RuleStanding(
            rule, sum(row[3] for row in decided[rule.id]), sum(row[2] for row in decided[rule.id]),
            shifts(moves(decided[rule.id], book.labels, attribution, concerns=lambda _: True), book.names),
        )
        for rule in workload.rules
    )  # fmt: skip


async def preview_removal(uow: UnitOfWork, rule_id: int, *, now: datetime) -> Removal:
    """Where usage like that of the last 30 days would go without the rule. Raises UnknownName when it is gone."""
    async with uow.read() as tx:
        book = await rule_book(tx)
        recent = await tx.spend.by_series(*_days(tx, now))
        since = _days(tx, now)[0]
    workload, rule = find_rule(book.workloads, rule_id)
    kept = replace(workload, rules=tuple(one for one in workload.rules if one.id != rule_id))
    without = book.with_workloads([kept if known.id == kept.id else known for known in book.workloads])
    attribution = book.attribution
    # As if all of it had been attributed by the rules of now: what the rule decides is what will be missing.
    deciding = [
        (workload.id, *row[1:])
        for row in recent
        if attribution.named(book.labels[row[1]]) is None and attribution.rule_for(book.labels[row[1]]) == rule
    ]
    going = shifts(moves(deciding, book.labels, without, concerns=lambda _: True), book.names)
    requests, nanos = sum(row[3] for row in deciding), sum(row[2] for row in deciding)
    return Removal(workload, rule, since, requests, nanos, going)


def find_rule(workloads: tuple[Workload, ...], rule_id: int) -> tuple[Workload, Rule]:
    """The rule of that number and its workload. Raises UnknownName."""
    for known in workloads:
        for rule in known.rules:
            if rule.id == rule_id:
                return known, rule
    raise UnknownName("This rule does not exist any more.")


async def rule_like(uow: UnitOfWork, name: str, pairs: dict[str, str]) -> Rule:
    """The rule of a workload with exactly these conditions. Raises UnknownName."""
    rule = make_rule(pairs)
    async with uow.read() as tx:
        number, name = await resolve(tx, name, command="/budget workload rules")
        workload = next(known for known in await tx.workloads.all() if known.id == number)
    found = next((one for one in workload.rules if is_same(one, rule)), None)
    if found is None:
        raise UnknownName(f"{name} has no rule {rule}.", correction=f"/budget workload rules {name}")
    return found


async def explain(uow: UnitOfWork, pairs: dict[str, str]) -> Explanation:
    """Which rule decides on usage with these labels. `workload` among them is the name that the event gives itself.

    Raises OutOfRange, UnknownName for what is no dimension.
    """
    named = pairs.get("workload")
    given = {dimension: value for dimension, value in pairs.items() if dimension != "workload"}
    if not pairs:
        raise OutOfRange("Explain which labels? Write them like feature=search environment=production.")
    labels = _labels(make_rule(given) if given else Rule(()), named)
    async with uow.read() as tx:
        book = await rule_book(tx)
    attribution = book.attribution
    kept = attribution.as_kept(labels)
    asked = tuple((dimension, kept.value(dimension) or value) for dimension, value in sorted(given.items()))
    matching = attribution.matching(labels)
    direct = attribution.named(labels)
    decides = matching[0] if matching and direct is None else None
    others = matching if direct is not None else matching[1:]
    names = book.names
    number = attribution.workload_for(labels)
    return Explanation(
        (*asked, *((("workload", named),) if named else ())), names[number], decides, direct is not None,
        tuple((rule, names[rule.workload_id]) for rule in others),
        tuple((rule, names[rule.workload_id]) for rule in attribution.nearly(labels)[:_NEARLY]),
    )  # fmt: skip


def _labels(rule: Rule, named: str | None) -> Labels:
    given = dict(rule.conditions)
    provider, model = given.pop("provider", ""), given.pop("model", "")
    tags = tuple(sorted((dimension.removeprefix("tag."), value) for dimension, value in given.items()))
    return Labels(provider, model, "standard", named, tags)


def is_same(one: Rule, other: Rule) -> bool:
    """Whether two rules have the same conditions, without regard to case."""
    return [(n, v.casefold()) for n, v in one.conditions] == [(n, v.casefold()) for n, v in other.conditions]


def described(labels: Labels) -> str:
    """A label set for a person to read: `gpt-4.1 feature=search team=discovery`, or `no tags`."""
    tags = " ".join(f"{name}={value}" for name, value in labels.tags) or "no tags"
    return f"{labels.model} {tags}"


async def _catch(tx: Transaction, book: RuleBook, name: str, rules: tuple[Rule, ...], *, now: datetime) -> Catch:
    """Replay attribution over the label sets of the last 30 days with these rules in place."""
    since, today = _days(tx, now)
    recent = await tx.spend.by_series(since, today)
    this_cycle = await tx.spend.by_series(Cycle.of(now, tx.zone).first_on, today)
    labels, names = book.labels, book.names
    wins = _winner(book, name, rules)
    sums: dict[str, list[int]] = {}
    examples: list[str] = []
    for workload_id, series_id, nanos, requests in sorted(recent, key=lambda row: -row[2]):
        if not wins(labels[series_id]):
            continue
        found = sums.setdefault(names.get(workload_id, UNATTRIBUTED), [0, 0])
        found[0] += requests
        found[1] += nanos
        if len(examples) < _EXAMPLES and (text := described(labels[series_id])) not in examples:
            examples.append(text)
    waiting = [row for row in this_cycle if row[0] == UNATTRIBUTED_ID and wins(labels[row[1]])]
    ordered = sorted(((where, each[0], each[1]) for where, each in sums.items()), key=lambda move: (-move[2], move[0]))
    return Catch(
        since=since, requests=sum(move[1] for move in ordered), spent_nanos=sum(move[2] for move in ordered),
        moves=tuple(ordered), examples=tuple(examples),
        unattributed_requests=sum(row[3] for row in waiting), unattributed_nanos=sum(row[2] for row in waiting),
    )  # fmt: skip


def _winner(book: RuleBook, name: str, rules: tuple[Rule, ...]) -> Callable[[Labels], bool]:
    """A test: would these labels count to this workload by one of these rules, given every other rule?"""
    number = next((known.id for known in book.workloads if known.name == name), -1)
    newest = 1 + max((rule.id for known in book.workloads for rule in known.rules), default=0)
    proposed = tuple(Rule(rule.conditions, number, rule.id or newest) for rule in rules)
    numbers = {rule.id for rule in proposed}
    kept = next((known for known in book.workloads if known.id == number), Workload(number, name, None))
    own = (*(rule for rule in kept.rules if rule.id not in numbers), *proposed)
    others = [known for known in book.workloads if known.id != number]
    attribution: Attribution = book.with_workloads([*others, replace(kept, rules=own)])
    return lambda labels: (
        any(attribution.matches(rule, labels) for rule in rules) and attribution.workload_for(labels) == number
    )


def _days(tx: Transaction, now: datetime) -> tuple[date, date]:
    """The last 30 days in the books' zone, today included."""
    today = now.astimezone(tx.zone).date()
    return today - timedelta(days=PREVIEW_DAYS - 1), today
