"""Triggers, hashes and external ids of views, and what an update keeps."""

from __future__ import annotations

import asyncio

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Sandbox
from tests.sandbox.content import home, input_block, modal, plain, section, words_input
from tests.sandbox.refusals import refused

METHODS = "https://docs.slack.dev/reference/methods"
MODALS = "https://docs.slack.dev/surfaces/modals"
TRIGGERS = "https://docs.slack.dev/interactivity/handling-user-interaction"


@pytest.mark.documented(f"{METHODS}/views.open")
async def test_a_trigger_is_good_once(box: Sandbox, api: AsyncWebClient) -> None:
    trigger = box.bench.tickets.new_trigger("U0ANA")
    await api.views_open(trigger_id=trigger, view=modal())
    with refused("exchanged_trigger_id"):
        await api.views_open(trigger_id=trigger, view=modal())
    with refused("invalid_trigger_id"):
        await api.views_open(trigger_id="1.2.3", view=modal())


@pytest.mark.documented(TRIGGERS)
async def test_a_trigger_lives_three_seconds() -> None:
    assert Sandbox().bench.tickets.trigger_seconds == 3.0
    async with Sandbox(trigger_seconds=0.05) as box:
        api = AsyncWebClient(token=box.bot_token, base_url=box.api_url)
        trigger = box.bench.tickets.new_trigger("U0ANA")
        await asyncio.sleep(0.1)
        with refused("expired_trigger_id"):
            await api.views_open(trigger_id=trigger, view=modal())


@pytest.mark.documented(f"{METHODS}/views.open")
async def test_an_invalid_view_says_what_is_wrong_and_keeps_the_trigger(box: Sandbox, api: AsyncWebClient) -> None:
    trigger = box.bench.tickets.new_trigger("U0ANA")
    with refused("invalid_arguments") as caught:
        await api.views_open(trigger_id=trigger, view=modal(title=plain("x" * 25)))
    expected = "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]"
    assert caught.value.response["response_metadata"]["messages"] == [expected]
    await api.views_open(trigger_id=trigger, view=modal())


@pytest.mark.documented(f"{METHODS}/views.update")
async def test_an_old_hash_conflicts(box: Sandbox, api: AsyncWebClient) -> None:
    opened = (await api.views_open(trigger_id=box.bench.tickets.new_trigger("U0ANA"), view=modal()))["view"]
    newer = (await api.views_update(view_id=opened["id"], hash=opened["hash"], view=modal(section())))["view"]
    assert newer["hash"] != opened["hash"]
    with refused("hash_conflict"):
        await api.views_update(view_id=opened["id"], hash=opened["hash"], view=modal())
    with refused("not_found"):
        await api.views_update(view_id="V0NONE", view=modal())


@pytest.mark.documented(f"{METHODS}/views.update")
async def test_a_view_can_be_found_by_an_id_of_the_app(box: Sandbox, api: AsyncWebClient) -> None:
    view = modal(external_id="grant-7")
    await api.views_open(trigger_id=box.bench.tickets.new_trigger("U0ANA"), view=view)
    await api.views_update(external_id="grant-7", view=modal(external_id="grant-7", title=plain("Later")))
    with refused("duplicate_external_id"):
        await api.views_open(trigger_id=box.bench.tickets.new_trigger("U0BEN"), view=view)


@pytest.mark.documented(MODALS)
async def test_an_update_keeps_what_was_typed_where_the_ids_stay(box: Sandbox, api: AsyncWebClient) -> None:
    view = modal(input_block(words_input()))
    opened = (await api.views_open(trigger_id=box.bench.tickets.new_trigger("U0ANA"), view=view))["view"]
    box.bench.modals.stack("U0ANA")[0].values["asked"]["words"]["value"] = "typed"
    kept = (await api.views_update(view_id=opened["id"], view=view))["view"]
    fresh = (await api.views_update(view_id=opened["id"], view=modal(input_block(words_input(), block_id="new"))))[
        "view"
    ]
    assert kept["state"]["values"]["asked"]["words"]["value"] == "typed"
    assert fresh["state"]["values"] == {"new": {"words": {"type": "plain_text_input", "value": None}}}


@pytest.mark.documented(f"{METHODS}/views.push")
async def test_a_push_needs_something_to_be_pushed_upon(box: Sandbox, api: AsyncWebClient) -> None:
    with refused("not_found"):
        await api.views_push(trigger_id=box.bench.tickets.new_trigger("U0ANA"), view=modal())


@pytest.mark.documented("https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element")
async def test_a_picker_can_begin_with_the_conversation_one_is_in(box: Sandbox, api: AsyncWebClient) -> None:
    picker = {"type": "conversations_select", "action_id": "words", "default_to_current_conversation": True}
    trigger = box.bench.tickets.new_trigger("U0ANA", "C0SEARCH")
    opened = (await api.views_open(trigger_id=trigger, view=modal(input_block(picker))))["view"]
    assert opened["state"]["values"]["asked"]["words"]["selected_conversation"] == "C0SEARCH"


@pytest.mark.documented(f"{METHODS}/views.publish")
async def test_a_home_tab_is_replaced_and_guarded_by_its_hash(api: AsyncWebClient) -> None:
    first = (await api.views_publish(user_id="U0ANA", view=home(section("one"))))["view"]
    second = (await api.views_publish(user_id="U0ANA", hash=first["hash"], view=home(section("two"))))["view"]
    assert second["id"] == first["id"]
    with refused("hash_conflict"):
        await api.views_publish(user_id="U0ANA", hash=first["hash"], view=home())
    with refused("user_not_found"):
        await api.views_publish(user_id="U0NOBODY", view=home())
    with refused("invalid_arguments"):
        await api.views_publish(user_id="U0ANA", view=modal())
