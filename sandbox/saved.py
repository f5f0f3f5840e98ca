"""State kept between runs: one JSON file, and the bytes of uploads beside it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec

from sandbox.bench import Bench
from sandbox.model import Channel, File, Message, Status, View
from sandbox.stream import Change

VERSION = 1
PAUSE_SECONDS = 1.0
UNSAVED = {"ephemeral", "log", "clock", "view_opened", "view_updated", "view_closed"}


class Saved:
    """Loads and saves messages, direct messages, statuses, Home tabs and files. Modals and ephemeral messages do not survive."""

    def __init__(self, folder: Path, bench: Bench) -> None:
        self._folder, self._bench = folder, bench
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def _path(self) -> Path:
        return self._folder / "workspace.json"

    def load(self) -> None:
        """Takes over what was saved; nothing when there is nothing. Raises ValueError for a file of another version."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if not self._path.exists():
            return
        saved = msgspec.json.decode(self._path.read_bytes())
        if saved.get("version") != VERSION:
            raise ValueError(f"{self._path} was written by another version of the sandbox; remove it to start anew")
        workspace = self._bench.workspace
        for channel in saved["channels"]:
            workspace.channels[channel["id"]] = msgspec.convert(channel, Channel)
        for one in saved["messages"]:
            message = msgspec.convert(one, Message)
            workspace.messages[message.channel][message.ts] = message
            workspace.timestamps.start_after(message.ts)
        for user, status in saved.get("statuses", {}).items():
            if user in workspace.users:
                workspace.users[user].status = msgspec.convert(status, Status)
        for user, view in saved["homes"].items():
            self._bench.modals.homes[user] = msgspec.convert(view, View)
        for file in saved["files"]:
            content = (self._folder / "files" / file["id"]).read_bytes()
            workspace.files[file["id"]] = msgspec.convert({**file, "content": b""}, File)
            workspace.files[file["id"]].content = content

    def keep(self) -> None:
        """Saves from now on, a moment after each burst of changes."""
        self._bench.stream.on_change(self._note)
        self._task = asyncio.create_task(self._run())

    def _note(self, change: Change) -> None:
        if change.kind not in UNSAVED:
            self._changed.set()

    async def _run(self) -> None:
        while True:
            await self._changed.wait()
            await asyncio.sleep(PAUSE_SECONDS)
            self._changed.clear()
            await self.save()

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.save()

    async def save(self) -> None:
        """Saves everything. The state is taken at once; only the writing leaves the event loop."""
        workspace = self._bench.workspace
        files = [file for file in workspace.files.values() if file.content]
        state: dict[str, Any] = {
            "version": VERSION,
            "channels": list(workspace.channels.values()),
            "messages": [message for held in workspace.messages.values() for message in held.values()],
            "statuses": {user.id: user.status for user in workspace.users.values() if user.status != Status()},
            "homes": self._bench.modals.homes,
            "files": [{**msgspec.to_builtins(file, builtin_types=(bytes,)), "content": None} for file in files],
        }
        await asyncio.to_thread(self._write, msgspec.json.encode(state), files)

    def _write(self, state: bytes, files: list[File]) -> None:
        """Files first, then the state that names them, in one step: a crash leaves an old or a new state, whole."""
        (self._folder / "files").mkdir(parents=True, exist_ok=True)
        for file in files:
            target = self._folder / "files" / file.id
            if not target.exists():
                target.write_bytes(file.content)
        fresh = self._path.with_suffix(".new")
        fresh.write_bytes(state)
        fresh.replace(self._path)
