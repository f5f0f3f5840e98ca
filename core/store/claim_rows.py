"""Which event counts for a provider's answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from core.posting import Claim


class ClaimRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._is_sqlite = connection.dialect.name == "sqlite"

    async def take(self, claims: Sequence[Claim]) -> dict[int, tuple[int, str]]:
        """Claim answers for events; those that another event holds already, as response key → (source id, event id)."""
        if not claims:
            return {}
        if self._is_sqlite:
            statement = "INSERT OR IGNORE INTO response_claims (response_key, source_id, event_id) VALUES (?, ?, ?)"
            result = await self._connection.exec_driver_sql(statement, cast(Any, list(claims)))
        else:
            statement = (
                "INSERT INTO response_claims (response_key, source_id, event_id) "
                "SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[]) ON CONFLICT DO NOTHING"
            )
            columns = tuple(list(column) for column in zip(*sorted(claims), strict=True))
            result = await self._connection.exec_driver_sql(statement, columns)
        if result.rowcount == len(claims):
            return {}
        holders = await self._holders([claim[0] for claim in claims])
        return {key: holders[key] for key, source_id, event_id in claims if holders[key] != (source_id, event_id)}

    async def _holders(self, keys: Sequence[int]) -> dict[int, tuple[int, str]]:
        query = "SELECT response_key, source_id, event_id FROM response_claims WHERE response_key "
        if self._is_sqlite:
            query += "IN (SELECT value FROM json_each(?))"
            result = await self._connection.exec_driver_sql(query, (msgspec.json.encode(keys).decode(),))
        else:
            result = await self._connection.exec_driver_sql(query + "= ANY($1::bigint[])", (list(keys),))
        return {row.response_key: (row.source_id, row.event_id) for row in result}

    async def hand_over(self, claims: Sequence[Claim]) -> None:
        """Let other events hold these answers from now on."""
        marks = ("?1", "?2", "?3") if self._is_sqlite else ("$1", "$2", "$3")
        statement = (
            f"UPDATE response_claims SET source_id = {marks[1]}, event_id = {marks[2]} WHERE response_key = {marks[0]}"
        )
        for claim in claims:
            await self._connection.exec_driver_sql(statement, claim)
