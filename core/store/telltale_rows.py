"""Single calls of a provider's month that give something away about themselves, added up by UTC day, series and price band.

The marks are those of `core.closing.events`, which finds them in files; both ways have to find the same ones.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import IntFlag
from typing import Any, Final

from sqlalchemy import BigInteger, and_, case, func, literal, not_, or_, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection

from core.closing.events import GUESSED_TOKENS, MOCK, OFTEN, SMALL_TOKENS, TWIN_SECONDS, TWIN_TOKENS
from core.store.estimate_rows import SeriesSums, sum_of
from core.store.tables import SeriesRow, UsageRow
from core.usage import CLASS_NAMES, TokenClasses

_USAGE: Any = UsageRow.__table__  # type: ignore[attr-defined]
_SERIES: Any = SeriesRow.__table__  # type: ignore[attr-defined]
_SECOND: Final = 1_000_000
_GUESSED: Final = (2, 3)
"""`guessed` and `missing` as the journal numbers qualities (`core.posting`)."""

INPUT: Any = sum((_USAGE.c[name] for name in CLASS_NAMES[1:5]), _USAGE.c[CLASS_NAMES[0]])
OUTPUT: Any = _USAGE.c.output + _USAGE.c.reasoning + _USAGE.c.output_audio
ALIKE: Final = (_SERIES.c.model, INPUT, _USAGE.c.cache_read, OUTPUT, _USAGE.c.reasoning)
"""In what two reports of one call agree."""
_IS_EMPTY: Any = and_(INPUT == 0, OUTPUT == 0, _USAGE.c.web_searches == 0)
_IS_SINGLE: Any = _USAGE.c.requests == 1

Thresholds = Mapping[tuple[str, str], tuple[int, ...]]
"""(model, tier) → input tokens above which each further band of its price begins, ascending."""


class Sign(IntFlag):
    """What a call shows by itself."""

    EMPTY = 1
    AGGREGATE = 2
    MOCK = 4
    GUESSED = 8
    SMALL = 16


class TelltaleRows:
    """Calls of one provider from one UTC instant to another, without those that another report stands for."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def signs(
        self, month: tuple[str, datetime, datetime], thresholds: Thresholds, *, also: Collection[int]
    ) -> list[tuple[Sign, SeriesSums]]:
        """Sums of the calls with a sign, one for each combination of signs, and of all calls of the series in `also`.

        Args:
          month: (provider, start, end), as everywhere here.
        """
        sign = _sign().label("sign")
        of_any = _USAGE.c.series_id.in_(also) if also else literal(value=False)
        calls = _calls(month, thresholds, sign).where(or_(_sign() != 0, of_any)).subquery()
        query = select(calls.c.sign, *_added(calls)).group_by(calls.c.sign, *_place(calls))
        return [(Sign(sign), _sums(row)) for sign, *row in await self._connection.execute(query)]

    async def repeated(self, month: tuple[str, datetime, datetime], thresholds: Thresholds) -> list[SeriesSums]:
        """Calls whose answer another one before them has, and those without an answer's id that are a twin of one just before."""
        answer = _USAGE.c.response_id
        has_answer = and_(answer.is_not(None), answer != "")
        order = (_USAGE.c.at, _USAGE.c.event_id)
        again = func.row_number().over(partition_by=answer, order_by=order).label("again")
        answers = _calls(month, thresholds, again).where(has_answer).subquery()
        second = type_coerce(_USAGE.c.at, BigInteger) // _SECOND
        since = (second - func.lag(second).over(partition_by=ALIKE, order_by=order)).label("since")
        is_large = and_(not_(has_answer), _IS_SINGLE, INPUT + OUTPUT >= TWIN_TOKENS)
        twins = _calls(month, thresholds, since).where(is_large).subquery()
        found = await self._added(answers, answers.c.again > 1)
        return found + await self._added(twins, twins.c.since <= TWIN_SECONDS)

    async def constant(self, month: tuple[str, datetime, datetime], thresholds: Thresholds) -> list[SeriesSums]:
        """All but the first `OFTEN` of the calls of a model that agree in their counts."""
        alike = (_SERIES.c.model, INPUT, OUTPUT, _USAGE.c.cache_read)
        place = func.row_number().over(partition_by=alike, order_by=(_USAGE.c.at, _USAGE.c.event_id)).label("place")
        calls = _calls(month, thresholds, place).where(not_(_IS_EMPTY)).subquery()
        return await self._added(calls, calls.c.place > OFTEN)

    async def long(
        self, month: tuple[str, datetime, datetime], thresholds: Thresholds, *, seconds: int
    ) -> list[SeriesSums]:
        """Calls above a threshold, by stretches of `seconds`: the long-context ones."""
        if not thresholds:
            return []
        calls = _calls(month, thresholds, seconds=seconds).subquery()
        return await self._added(calls, calls.c.band > 0)

    async def cached(
        self, month: tuple[str, datetime, datetime], thresholds: Thresholds
    ) -> list[tuple[int, SeriesSums]]:
        """Calls that could hold their cached tokens twice, with the band that they would be in without them."""
        if not thresholds:
            return []
        once = _band(thresholds, INPUT - _USAGE.c.cache_read).label("once")
        could = and_(_IS_SINGLE, _USAGE.c.cache_read > 0, _USAGE.c.input_uncached >= _USAGE.c.cache_read)
        calls = _calls(month, thresholds, once).where(could, _has_bands(thresholds)).subquery()
        query = select(calls.c.once, *_added(calls)).group_by(calls.c.once, *_place(calls))
        return [(int(once), _sums(row)) for once, *row in await self._connection.execute(query)]

    async def _added(self, calls: Any, condition: Any) -> list[SeriesSums]:
        query = select(*_added(calls)).where(condition).group_by(*_place(calls))
        return [_sums(row) for row in await self._connection.execute(query)]


def _calls(
    month: tuple[str, datetime, datetime], thresholds: Thresholds, *also: Any, seconds: int = 86_400
) -> Any:  # fmt: skip
    """The month's calls with the columns that are added up, and others."""
    provider, starts_at, ends_at = month
    start = type_coerce(_USAGE.c.at, BigInteger) // (seconds * _SECOND) * seconds
    return (
        select(
            start.label("start"), _USAGE.c.series_id, _band(thresholds, INPUT).label("band"), _USAGE.c.requests,
            _USAGE.c.cost_nanos, *(_USAGE.c[name] for name in CLASS_NAMES), *also,
        )
        .join(_SERIES, _SERIES.c.id == _USAGE.c.series_id)
        .where(
            _SERIES.c.provider == provider, _USAGE.c.superseded == 0, _USAGE.c.at >= starts_at, _USAGE.c.at < ends_at,
        )
    )  # fmt: skip


def _sign() -> Any:
    is_mock = or_(
        and_(MOCK[0] == INPUT, MOCK[1] == OUTPUT),
        _USAGE.c.event_id.contains("_cache_hit", autoescape=True),
        func.coalesce(_USAGE.c.response_id, "").contains("_cache_hit", autoescape=True),
    )
    is_guessed = or_(_USAGE.c.quality.in_(_GUESSED), and_(_IS_SINGLE, INPUT > 0, INPUT < GUESSED_TOKENS))
    told = (
        (Sign.AGGREGATE, not_(_IS_SINGLE)), (Sign.MOCK, is_mock), (Sign.GUESSED, is_guessed),
        (Sign.SMALL, and_(_IS_SINGLE, INPUT < SMALL_TOKENS)),
    )  # fmt: skip
    signs: Any = sum((case((is_so, int(one)), else_=0) for one, is_so in told), literal(0))
    return case((_IS_EMPTY, int(Sign.EMPTY)), else_=signs)


def _band(thresholds: Thresholds, tokens: Any) -> Any:
    """The number of the price band that single calls with so much input are in; 0 for the lowest and for aggregates."""
    cases = [
        (and_(_IS_SINGLE, _SERIES.c.model == model, _SERIES.c.tier == tier, tokens > above), place)
        for (model, tier), bands in sorted(thresholds.items())
        for place, above in sorted(enumerate(bands, start=1), reverse=True)
    ]
    return case(*cases, else_=0) if cases else literal(0)


def _has_bands(thresholds: Thresholds) -> Any:
    return or_(*(and_(_SERIES.c.model == model, _SERIES.c.tier == tier) for model, tier in sorted(thresholds)))


def _place(calls: Any) -> tuple[Any, ...]:
    return calls.c.start, calls.c.series_id, calls.c.band


def _added(calls: Any) -> tuple[Any, ...]:
    unpriced = case((calls.c.cost_nanos.is_(None), calls.c.requests), else_=0)
    return (
        *_place(calls), sum_of(calls.c.requests), sum_of(unpriced), sum_of(calls.c.cost_nanos),
        *(sum_of(calls.c[name]) for name in CLASS_NAMES),
    )  # fmt: skip


def _sums(row: Sequence[Any]) -> SeriesSums:
    start, series, band, requests, unpriced, cost, *counts = row
    tokens = TokenClasses(*(int(count) for count in counts))
    return SeriesSums(int(start), series, int(requests), int(unpriced), int(cost), tokens, int(band))
