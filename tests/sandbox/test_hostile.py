"""Whatever is sent, the sandbox answers in order: never a status 500, never an exception."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox import Sandbox
from sandbox.blocks import blocks_too_long, problems, view_problems
from sandbox.blocks.elements import ELEMENT_SHAPES
from sandbox.blocks.layout import BLOCKS
from sandbox.webapi.call import METHODS
from tests.support.thorough import cases

TYPES = [*BLOCKS, *ELEMENT_SHAPES, "plain_text", "mrkdwn", "raw_text", "raw_number", "modal", "home", "pie", "line"]
FIELDS = [
    "text", "elements", "element", "fields", "accessory", "options", "option_groups", "rows", "chart", "series", "segments",
    "axis_config", "data", "label", "value", "block_id", "action_id", "initial_options", "initial_option", "title", "blocks", "submit",
    "slack_file", "image_url", "confirm", "min_length", "max_length", "row_header_column_index", "categories", "caption",
]  # fmt: skip
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.sampled_from(TYPES))
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from([*FIELDS, "type"]), inner, max_size=5),
        st.fixed_dictionaries({"type": st.sampled_from(TYPES)}, optional=dict.fromkeys(FIELDS, inner)),
    ),
    max_leaves=12,
)


@settings(max_examples=cases(400), deadline=None)
@given(ANYTHING)
def test_any_blocks_are_judged_without_an_exception(value: Any) -> None:
    for surface in ("message", "modal", "home"):
        found = problems([value], surface) + problems(value, surface)
        assert all("[json-pointer:/" in problem for problem in found)
    assert isinstance(view_problems(value), list)
    assert blocks_too_long([{"type": "section", "text": value}]) in (True, False)


ARGUMENTS = ("channel", "user", "users", "ts", "thread_ts", "text", "blocks", "metadata", "view", "trigger_id", "view_id",
             "files", "file", "limit", "cursor", "oldest", "latest", "channel_id", "filename", "length", "user_id", "hash")  # fmt: skip
ODD: tuple[Any, ...] = (
    None,
    "",
    " ",
    "\x00",
    "C0BUDGET",
    "U0ANA",
    -1,
    10**30,
    "nan",
    1.5,
    True,
    [],
    {},
    [[]],
    [{}],
    {"type": 1},
    "ü" * 300,
)
SAMPLE = 60  # Of the 374 odd calls of each method; the seed is its name, so a failure stays a failure.
BODIES: tuple[str, ...] = (
    "user",
    "channel",
    "command",
    "text",
    "ts",
    "action_id",
    "value",
    "view_id",
    "values",
    "type",
    "scopes",
    "advance",
)


@pytest.mark.parametrize("method", sorted(METHODS))
async def test_odd_arguments_are_refused_and_never_break_a_method(box: Sandbox, method: str) -> None:
    headers = {"Authorization": f"Bearer {box.app_token if METHODS[method].caller == 'app' else box.bot_token}"}
    sound = {"channel": "C0BUDGET", "text": "x", "user": "U0ANA", "users": "U0ANA", "filename": "a", "length": 1}
    async with httpx.AsyncClient(base_url=box.api_url, headers=headers) as client:

        async def call(arguments: dict[str, Any]) -> None:
            answer = await client.post(method, json=arguments)
            assert answer.status_code == 200, (arguments, answer.text)
            assert isinstance(answer.json()["ok"], bool)

        combinations = [{**sound, name: odd} for name in ARGUMENTS for odd in ODD]
        await asyncio.gather(*map(call, random.Random(method).sample(combinations, SAMPLE)))


ACTIONS = ("command", "click", "submit", "message", "home", "options", "install", "event", "clock")


@pytest.mark.parametrize("action", ACTIONS)
async def test_odd_orders_of_people_are_refused_and_never_break_an_endpoint(box: Sandbox, action: str) -> None:
    chance = random.Random(action)
    async with httpx.AsyncClient(timeout=30) as client:

        async def order(body: dict[str, Any]) -> None:
            answer = await client.post(f"{box.url}/_sandbox/{action}", json={"user": "U0ANA", "wait": 0, **body})
            assert answer.status_code in (200, 400, 404), (body, answer.text)
            assert isinstance(answer.json()["ok"], bool)

        for _ in range(SAMPLE):
            await order({name: chance.choice(ODD) for name in chance.sample(BODIES, 4)})
