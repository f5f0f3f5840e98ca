"""Charts on their way into Slack: drawn off the event loop, uploaded without a channel, shown by their file id."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Final

import aiohttp
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

log = logging.getLogger(__name__)

UPLOAD_SECONDS: Final = 10.0


async def drawn(charts: Executor, draw: Callable[[], bytes]) -> bytes:
    """The PNG, from the thread that draws."""
    return await asyncio.get_running_loop().run_in_executor(charts, draw)


async def uploaded(client: AsyncWebClient, png: bytes, *, name: str, alt: str) -> str | None:
    """The Slack file id of the picture, or None when it could not be uploaded: the words of a message stand alone.

    `files_upload_v2` asks for an address, posts the bytes there and completes the upload; without a channel the
    file is seen only where a message shows it.
    """
    try:
        answer = await asyncio.wait_for(
            client.files_upload_v2(content=png, filename=f"{name}.png", title=name, alt_txt=alt[:1_000]),
            UPLOAD_SECONDS,
        )
        return str(answer["files"][0]["id"])
    except (SlackClientError, aiohttp.ClientError, TimeoutError, OSError, KeyError, IndexError) as failed:
        log.warning("chart_upload_failed", extra={"chart": name, "error": f"{type(failed).__name__}: {failed}"[:300]})
        return None
