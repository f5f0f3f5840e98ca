"""What one process remembers between two transactions of the guard. All of it can be read again from the books."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from core.attribution import Attribution, Labels
from core.degradation import CALM, Stance
from core.envelope import Envelope
from core.errors import UnknownName
from core.guard import Offer, Posture, posture_of
from core.holds import Learned, ceiling_rate
from core.list_prices import providers_of
from core.period import Cycle
from core.rates import Rate
from core.services.guard_orders import Authorization, Policy
from core.services.price_usage import PriceBook
from core.spelling import nearest
from core.store.guard_rows import Hold, LearnedKey
from core.store.unit_of_work import Transaction, UnitOfWork

_MAX_HOLDS: Final = 50_000
_MAX_RATES: Final = 20_000
_LEARNED_SECONDS: Final = 1.0
"""How old what was learned may be, in other processes and after a crash."""


class GuardMemory:
    """Rules and prices under one version, envelopes as last read, what was learned, and the holds of late."""

    def __init__(self, uow: UnitOfWork, policy: Policy) -> None:
        self._uow = uow
        self._policy = policy
        self._version = -1
        self._names: dict[str, int] = {}
        self._named: dict[int, str] = {}
        self._attribution = Attribution(())
        self._prices = PriceBook(())
        self._rates: dict[tuple[object, ...], tuple[tuple[int, Rate], ...]] = {}
        self._envelopes: dict[int, tuple[tuple[int, ...], Cycle, Envelope, Stance]] = {}
        self._limits: dict[int, int | None] = {}
        self._learned: dict[LearnedKey, Learned] = {}
        self._loaded: dict[int, float] = {}
        self._saved: dict[LearnedKey, float] = {}
        self._unsaved: set[LearnedKey] = set()
        self._holds: OrderedDict[str, Hold] = OrderedDict()

    async def use(self, version: int, attribution: Attribution, prices: PriceBook) -> None:
        """Take over rules and prices when they are others than before."""
        if version == self._version:
            return
        async with self._uow.read() as tx:
            self._names = await tx.workloads.names()
        self._named = {number: name for name, number in self._names.items()}
        self._attribution, self._prices, self._version = attribution, prices, version
        self._rates.clear()

    def workload_of(self, order: Authorization) -> int:
        """The workload whose envelope the request draws on. Raises UnknownName with the nearest name."""
        if order.workload:
            return self.id_of(order.workload)
        tags = tuple(sorted((name, value) for name, value in order.tags.items() if value.strip()))
        return self.workload_for(Labels(order.provider.lower(), order.model, order.tier, None, tags))

    def workload_for(self, labels: Labels) -> int:
        return self._attribution.workload_for(labels)

    def id_of(self, workload: str) -> int:
        """The number of a workload by its name. Raises UnknownName with the nearest name."""
        name = workload.strip().lower()
        if name in self._names:
            return self._names[name]
        close = nearest(name, self._names)
        meant = f" Did you mean {close}?" if close else ""
        raise UnknownName(f"There is no workload called “{workload.strip()[:60]}”.{meant}")

    def name_of(self, workload_id: int) -> str | None:
        """Its name, or None when it is younger than the rules at hand."""
        return self._named.get(workload_id)

    async def postures(self, tx: Transaction, ids: Iterable[int], cycle: Cycle) -> dict[int, Posture]:
        """How those envelopes stand now: their change is noticed in the transaction that decides."""
        wanted = sorted(set(ids))
        marks = await tx.guard.envelopes_changed(wanted)
        for number, mark in marks.items():
            if self._envelopes.get(number, (None, None))[:2] != (mark, cycle):
                envelope = await tx.envelopes.of(number)
                assert envelope is not None
                self._envelopes[number] = (mark, cycle, envelope, await tx.postures.of(number, cycle))
        found = {}
        for number in wanted:
            envelope, stance = self._envelopes[number][2:] if number in marks else (None, CALM)
            found[number] = posture_of(envelope, self._named[number], cycle, stance)
        self._limits |= {number: posture.limit_nanos for number, posture in found.items()}
        return found

    def limit_of(self, workload_id: int) -> int | None:
        """As last read."""
        return self._limits.get(workload_id)

    async def load_learned(self, tx: Transaction, ids: Iterable[int]) -> None:
        """With several processes others learn too, so it is read again now and then; alone, once is enough."""
        now = time.monotonic()
        lacking = {
            number
            for number in ids
            if number not in self._loaded or (not self._uow.is_sqlite and now - self._loaded[number] > _LEARNED_SECONDS)
        }
        if lacking:
            found = await tx.guard.learned(lacking)
            self._learned |= {key: known for key, known in found.items() if key not in self._unsaved}
            self._loaded |= dict.fromkeys(lacking, now)

    def worth_saving(self, learned: Mapping[LearnedKey, Learned]) -> dict[LearnedKey, Learned]:
        """What has not been saved for a moment: a crash forgets no more than that, and a hot model is not written each time."""
        now = time.monotonic()
        due = {key: known for key, known in learned.items() if now - self._saved.get(key, 0.0) > _LEARNED_SECONDS}
        self._saved |= dict.fromkeys(due, now)
        self._unsaved = (self._unsaved | learned.keys()) - due.keys()
        return due

    def take_unsaved(self) -> dict[LearnedKey, Learned]:
        """What is still to be saved."""
        unsaved = {key: self._learned[key] for key in self._unsaved}
        self._unsaved = set()
        return unsaved

    def learn(self, learned: Mapping[LearnedKey, Learned]) -> None:
        self._learned |= learned

    def keep(self, holds: Iterable[Hold]) -> None:
        """What is committed."""
        for hold in holds:
            self._holds[hold.id] = hold
        while len(self._holds) > _MAX_HOLDS:
            self._holds.popitem(last=False)

    def learned_of(self, key: LearnedKey) -> Learned:
        return self._learned.get(key, Learned())

    async def holds(self, ids: Iterable[str]) -> dict[str, Hold]:
        """Those holds as they were made; their state may have changed since."""
        found = {number: self._holds[number] for number in ids if number in self._holds}
        if lacking := set(ids) - found.keys():
            async with self._uow.read() as tx:
                found |= await tx.guard.holds(lacking)
        return found

    def offer(self, workload_id: int, provider: str, model: str, tier: str, now: datetime) -> Offer | None:
        """The model at the price in force, or at the ceiling price; None when it has neither."""
        learned = self.learned_of((workload_id, provider.lower(), model))
        if rate := self.rate(provider, model, tier, now):
            return Offer(provider, model, rate, learned)
        if self._policy.ceiling:
            return Offer(provider, model, ceiling_rate(*self._policy.ceiling), learned, is_ceiling=True)
        return None

    def fallback(self, workload_id: int, order: Authorization, model: str, now: datetime) -> Offer | None:
        """The cheaper model of an envelope, of the provider asked for or else of the one known for it; only with a price."""
        for provider in (order.provider, *providers_of(model)):
            if rate := self.rate(provider, model, order.tier, now):
                return Offer(provider, model, rate, self.learned_of((workload_id, provider.lower(), model)))
        return None

    def rate(self, provider: str, model: str, tier: str, now: datetime) -> Rate | None:
        """The rate in force at this second, or None."""
        key = (provider.lower(), model, tier, now.date())
        rates = self._rates.get(key)
        if rates is None:
            if len(self._rates) >= _MAX_RATES:
                self._rates.clear()
            rates = self._rates[key] = self._prices.in_force(provider.lower(), model, tier, now.date())
        second = now.hour * 3600 + now.minute * 60 + now.second
        begun = [rate for start, rate in rates if start <= second]
        return begun[-1] if begun else None
