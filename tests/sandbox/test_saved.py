"""State kept in a folder between two runs."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Person, Sandbox
from tests.sandbox.waiting import eventually

HOME = {"type": "home", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "mine"}}]}


async def test_messages_statuses_files_and_homes_survive_a_restart_and_ephemerals_do_not(tmp_path: Path) -> None:
    async with Sandbox(state_dir=tmp_path) as box:
        api = AsyncWebClient(token=box.bot_token, base_url=box.api_url)
        metadata = {"event_type": "notice", "event_payload": {"id": 7}}
        sent = await api.chat_postMessage(channel="U0ANA", text="kept", metadata=metadata)
        await api.chat_postMessage(channel="U0ANA", text="reply", thread_ts=sent["ts"])
        done = await api.files_upload_v2(filename="chart.png", content=b"\x89PNG", channel="C0BUDGET")
        await api.views_publish(user_id="U0ANA", view=HOME)
        await Person(box.url, "U0SAM").sets_status("Vacationing", ":palm_tree:")
        await api.chat_postEphemeral(channel="C0BUDGET", user="U0ANA", text="psst")
    async with Sandbox(state_dir=tmp_path) as again:
        api = AsyncWebClient(token=again.bot_token, base_url=again.api_url)
        thread = await api.conversations_replies(channel="D0ANA", ts=sent["ts"], include_all_metadata=True)
        assert [one["text"] for one in thread["messages"]] == ["kept", "reply"]
        assert thread["messages"][0]["metadata"] == metadata
        ana = Person(again.url, "U0ANA")
        assert (await api.users_info(user="U0SAM"))["user"]["profile"]["status_emoji"] == ":palm_tree:"
        assert (await ana.home())["blocks"][0]["text"]["text"] == "mine"
        assert [one["ephemeral"] for one in await ana.reads("C0BUDGET")] == [False]
        async with httpx.AsyncClient() as client:
            file = await client.get(f"{again.url}/_sandbox/files/{done['file']['id']}")
        assert file.content == b"\x89PNG"
        newer = await api.chat_postMessage(channel="U0ANA", text="later")
        assert newer["ts"] > sent["ts"]


async def test_state_is_on_disk_soon_after_a_change_not_only_at_the_end(tmp_path: Path) -> None:
    async with Sandbox(state_dir=tmp_path) as box:
        await Person(box.url, "U0ANA").types("hello")
        saved = tmp_path / "workspace.json"
        await eventually(lambda: saved.exists() and "hello" in saved.read_text())


async def test_a_file_of_another_version_is_not_misread(tmp_path: Path) -> None:
    (tmp_path / "workspace.json").write_text('{"version": 99}')
    with pytest.raises(ValueError, match="another version"):
        await Sandbox(state_dir=tmp_path).start()
