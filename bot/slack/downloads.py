"""Files that people uploaded, fetched from Slack with the bot's token: from Slack's hosts only, bounded, to a file on disk."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp

from core.errors import NotAllowed, TooLarge, Unavailable, Unreadable

MAX_BYTES: Final = 10 * 1024 * 1024
"""What a `file_input` takes (docs.slack.dev, file-input-element, November 2026); larger files go through `outlay import`."""
SECONDS: Final = 60
_CHUNK: Final = 1 << 16
_SLACK_HOSTS: Final = ("files.slack.com", "slack-files.com")
_UNSAFE: Final = re.compile(r"[^\w.()+ -]+")


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file in Slack, as `files.info` tells it; `size` in bytes, 0 where it is not told."""

    id: str
    name: str
    size: int
    address: str

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Uploaded:
        size = told.get("size")
        return cls(
            str(told.get("id", "")), safe_name(str(told.get("name") or "invoice")), size if isinstance(size, int) else 0,
            str(told.get("url_private") or ""),
        )  # fmt: skip

    def require_small(self) -> None:
        """Raises TooLarge before anything is fetched."""
        if self.size > MAX_BYTES:
            raise TooLarge(
                f"{self.name} has {self.size / 1_048_576:,.0f} MB; through Slack I take 10 MB. Bring it with "
                "`outlay import --invoice FILE`, or export it by day instead of by request."
            )


def safe_name(name: str) -> str:
    """A file name without folders and signs that a file system or a message could take for something else."""
    plain = _UNSAFE.sub("_", name.replace("\\", "/").rpartition("/")[2]).strip(". ")
    return plain[-100:] or "invoice"


def is_slacks(address: str, api_url: str) -> bool:
    """Whether the token may go there: Slack's file hosts over https, or the host of a stand-in's Web API."""
    there, api = urlsplit(address), urlsplit(api_url)
    if there.username or there.password:
        return False
    if (there.scheme, there.netloc) == (api.scheme, api.netloc):
        return True
    is_slack = api.hostname is not None and (api.hostname == "slack.com" or api.hostname.endswith(".slack.com"))
    return is_slack and there.scheme == "https" and there.port in (None, 443) and there.hostname in _SLACK_HOSTS


async def download(file: Uploaded, folder: Path, *, token: str, api_url: str) -> Path:
    """Fetch it into `folder`; the path.

    Redirects are not followed: Slack answers with a page to sign in where the token may not read the file.

    Raises NotAllowed for another host and where Slack does not give the file, TooLarge, Unavailable, Unreadable for none.
    """
    file.require_small()
    if not is_slacks(file.address, api_url):
        raise NotAllowed(f"{file.name} does not lie with Slack, so I do not fetch it. Upload it here.")
    path = folder / file.name
    limit = aiohttp.ClientTimeout(total=SECONDS)
    headers = {"Authorization": f"Bearer {token}"}
    try:
        async with (
            aiohttp.ClientSession(timeout=limit, headers=headers) as session,
            session.get(file.address, allow_redirects=False) as answer,
        ):
            if answer.status != 200 or answer.content_type == "text/html":
                raise NotAllowed(
                    f"Slack did not give me {file.name}. The app needs the scope files:read; ask whoever installed it."
                )
            if (answer.content_length or 0) > MAX_BYTES:
                raise TooLarge(f"{file.name} is larger than 10 MB. Bring it with `outlay import --invoice FILE`.")
            await _keep(answer, path, file.name)
    except (aiohttp.ClientError, TimeoutError, OSError) as failed:
        raise Unavailable(f"{file.name} could not be fetched from Slack just now. Try again.") from failed
    if not path.stat().st_size:
        raise Unreadable(f"{file.name} is empty.")
    return path


async def _keep(answer: aiohttp.ClientResponse, path: Path, name: str) -> None:
    size = 0
    handle = await asyncio.to_thread(path.open, "wb")
    try:
        async for part in answer.content.iter_chunked(_CHUNK):
            size += len(part)
            if size > MAX_BYTES:
                raise TooLarge(f"{name} is larger than 10 MB. Bring it with `outlay import --invoice FILE`.")
            await asyncio.to_thread(handle.write, part)
    finally:
        await asyncio.to_thread(handle.close)
