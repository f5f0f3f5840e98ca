"""What a notice of the outbox looks like, by its kind: facts in, a message and perhaps a picture out."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from functools import partial
from zoneinfo import ZoneInfo

from slack_sdk.web.async_client import AsyncWebClient

from bot.charts.multiples import Small, multiples
from bot.composed import Composed, Composer, LineComposer
from bot.slack.notices_breach import breach_composers, breach_lines
from bot.slack.pictures import drawn, uploaded
from bot.slack.views.digest import Digest, alt_digest, digest_message
from core.services.write_digest import KIND as DIGEST
from core.store.outbox import Notice

__all__ = ["Composed", "Composer", "composers", "lines"]


def composers(client: AsyncWebClient, charts: Executor, zone: ZoneInfo) -> Mapping[str, Composer]:
    """One composer a kind.

    Args:
      client: uploads pictures; may repeat, because a picture that was uploaded twice is shown once.
      zone: of the times in messages that many people read: the books' own.
    """

    async def digest(notice: Notice) -> Composed:
        read = Digest.of(notice.facts)
        smalls = [
            Small(
                line.workload, line.days, line.p10_nanos, line.p50_nanos, line.p90_nanos, line.size_nanos, line.chance
            )
            for line in read.lines
        ]
        png = await drawn(charts, partial(multiples, smalls, read.cycle))
        file = await uploaded(client, png, name=f"forecast {read.cycle} {read.monday}", alt=alt_digest(read))
        return Composed(lambda shown: digest_message(read, chart_file=shown, reader=zone), file)

    return {**breach_composers(client, charts, zone), DIGEST: digest}


def lines() -> Mapping[str, LineComposer]:
    """One line for each kind that may share a message with others when several are due in a channel at once."""
    return breach_lines()
