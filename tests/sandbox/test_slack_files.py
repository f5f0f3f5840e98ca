"""Uploads in three steps, reading them back, and showing them."""

from __future__ import annotations

import httpx
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Sandbox
from tests.sandbox.refusals import refused

FILES = "https://docs.slack.dev/messaging/working-with-files"
METHODS = "https://docs.slack.dev/reference/methods"
PNG = b"\x89PNG\r\n\x1a\n chart"


@pytest.mark.documented(FILES)
async def test_an_upload_is_shared_as_a_message_with_its_comment(
    api: AsyncWebClient, control: httpx.AsyncClient
) -> None:
    done = await api.files_upload_v2(
        filename="chart.png", content=PNG, title="Burn-up", alt_txt="A line", channel="C0BUDGET", initial_comment="Look"
    )
    state = (await control.get("state")).json()
    message = state["messages"]["C0BUDGET"][-1]
    assert (message["text"], message["files"]) == ("Look", [done["file"]["id"]])
    read = (await api.conversations_history(channel="C0BUDGET"))["messages"][0]
    assert read["files"][0]["title"] == "Burn-up"
    shown = await control.get(f"files/{done['file']['id']}")
    assert (shown.content, shown.headers["content-type"]) == (PNG, "image/png")


@pytest.mark.documented(FILES)
async def test_a_private_address_needs_the_token(box: Sandbox, api: AsyncWebClient) -> None:
    done = await api.files_upload_v2(filename="chart.png", content=PNG)
    address = (await api.files_info(file=done["file"]["id"]))["file"]["url_private_download"]
    async with httpx.AsyncClient() as client:
        with_token = await client.get(address, headers={"Authorization": f"Bearer {box.bot_token}"})
        without = await client.get(address)
    assert with_token.content == PNG
    assert without.status_code == 307, "Slack sends one without a token to sign in"


@pytest.mark.documented("https://docs.slack.dev/reference/block-kit/composition-objects/slack-file-object")
async def test_a_picture_can_be_an_upload_once_it_is_complete(api: AsyncWebClient) -> None:
    ticket = await api.files_getUploadURLExternal(filename="chart.png", length=len(PNG))
    picture = {"type": "image", "slack_file": {"id": ticket["file_id"]}, "alt_text": "A line"}
    async with httpx.AsyncClient() as client:
        await client.post(ticket["upload_url"], content=PNG)
        assert (await client.post(ticket["upload_url"], content=PNG)).status_code == 404, "an address is good once"
    with refused("invalid_blocks") as caught:
        await api.chat_postMessage(channel="C0BUDGET", text="x", blocks=[picture])
    assert caught.value.response["errors"] == ["invalid slack file [json-pointer:/blocks/0/slack_file]"]
    await api.files_completeUploadExternal(files=[{"id": ticket["file_id"], "title": "Burn-up"}])
    await api.chat_postMessage(channel="C0BUDGET", text="x", blocks=[picture])


@pytest.mark.documented("https://docs.slack.dev/reference/block-kit/composition-objects/slack-file-object")
async def test_a_file_may_need_a_moment_before_it_can_be_shown() -> None:
    async with Sandbox(file_ready_seconds=3600) as box:
        api = AsyncWebClient(token=box.bot_token, base_url=box.api_url)
        done = await api.files_upload_v2(filename="chart.png", content=PNG)
        picture = {"type": "image", "slack_file": {"id": done["file"]["id"]}, "alt_text": "A line"}
        with refused("invalid_blocks"):
            await api.chat_postMessage(channel="C0BUDGET", text="x", blocks=[picture])


@pytest.mark.documented(f"{METHODS}/files.completeUploadExternal")
async def test_what_was_never_sent_cannot_be_completed(api: AsyncWebClient) -> None:
    ticket = await api.files_getUploadURLExternal(filename="chart.png", length=4)
    with refused("file_not_found"):
        await api.files_completeUploadExternal(files=[{"id": ticket["file_id"], "title": "x"}])
    with refused("file_not_found"):
        await api.files_info(file="F0NONE")


@pytest.mark.documented(f"{METHODS}/files.completeUploadExternal")
@pytest.mark.parametrize(("channel", "code"), [("C0OLD", "is_archived"), ("G0LEADS", "channel_not_found")])
async def test_files_go_only_where_messages_may(api: AsyncWebClient, channel: str, code: str) -> None:
    with refused(code):
        await api.files_upload_v2(filename="chart.png", content=PNG, channel=channel)


@pytest.mark.documented(FILES)
async def test_an_uploaded_page_is_never_run(control: httpx.AsyncClient) -> None:
    sent = (await control.post("upload", params={"name": "x.html"}, content=b"<script>1</script>")).json()
    headers = (await control.get(f"files/{sent['file_id']}")).headers
    assert headers["content-disposition"] == "attachment"
    assert headers["x-content-type-options"] == "nosniff"
