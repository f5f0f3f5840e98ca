"""Hostile and clumsy usage events over real HTTP: an exact answer to each, and no good event lost beside it."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from tests.support.api import Api
from tests.support.books import NOON, a_payload, agreed
from tests.support.tables import number_of

pytestmark = pytest.mark.asyncio(loop_scope="module")
_NAMES = itertools.count(1)

Raw = str
REFUSED: list[tuple[str, dict[str, Any] | Raw, str]] = [
    # Numbers
    ("negative tokens", {"input_tokens": -1}, "input_tokens: expected int >= 0"),
    ("a trillion and one tokens", {"input_tokens": 10**12 + 1}, "input_tokens: expected int <= 1000000000000"),
    ("a number beyond 64 bits", {"output_tokens": 2**64}, "output_tokens: expected int <= 1000000000000"),
    ("a number with 400 digits", '{"id":"x","at":"2026-11-24T12:00:00Z","provider":"p","model":"m","input_tokens":' + "9" * 400 + "}",
     "input_tokens: expected int <= 1000000000000"),
    ("a whole number in floating point", {"input_tokens": 1000.0}, "input_tokens: expected int, got float"),
    ("half a token", {"input_tokens": 0.5}, "input_tokens: expected int, got float"),
    ("digits in quotes", {"input_tokens": "1000"}, "input_tokens: expected int, got str"),
    ("true for a number", {"input_tokens": True}, "input_tokens: expected int, got bool"),
    ("null for a number", {"output_tokens": None}, "output_tokens: expected int, got null"),
    ("a list for a number", {"output_tokens": [1]}, "output_tokens: expected int, got array"),
    ("not a number", '{"id":"x","at":"2026-11-24T12:00:00Z","provider":"p","model":"m","input_tokens":NaN}', "not JSON"),
    ("infinity", '{"id":"x","at":"2026-11-24T12:00:00Z","provider":"p","model":"m","input_tokens":Infinity}', "not JSON"),
    ("no requests", {"requests": 0}, "requests: expected int >= 1"),
    ("ten billion requests", {"requests": 10**10}, "requests: expected int <= 1000000000"),
    ("two million dollars in one event", {"input_tokens": 10**12}, "it would cost $2,000,000; an event above $1,000,000 is refused"),
    ("more cached than input", {"cache_read_tokens": 1001}, "cache_read_tokens exceeds input_tokens"),
    ("parts that exceed the whole", {"cache_read_tokens": 700, "cache_write_tokens": 700}, "cache_read_tokens, cache_write_tokens and"),
    ("more reasoning than output", {"reasoning_tokens": 101}, "reasoning_tokens exceeds output_tokens"),
    ("more hour cache than cache", {"cache_write_tokens": 5, "cache_write_1h_tokens": 6}, "cache_write_1h_tokens exceeds"),
    ("a cost in words", {"cost_reported": "about a dollar"}, "cost_reported is not an amount in dollars"),
    ("a negative cost", {"cost_reported": -0.01}, "cost_reported is not an amount in dollars"),
    ("a cost of not a number", {"cost_reported": "NaN"}, "cost_reported is not an amount in dollars"),
    ("a cost with a monstrous exponent", {"cost_reported": "1e999999999"}, "cost_reported is not an amount in dollars"),
    # Fields
    ("no id", {"id": ...}, "missing id"),
    ("an empty id", {"id": ""}, "id: expected str of length >= 1"),
    ("an id of 201 characters", {"id": "x" * 201}, "id: expected str of length <= 200"),
    ("an id that is a number", {"id": 17}, "id: expected str, got int"),
    ("an id with a NUL", {"id": "a\x00b"}, "a text holds a NUL character; send it without"),
    ("no time", {"at": ...}, "missing at"),
    ("no provider", {"provider": ...}, "missing provider"),
    ("no model", {"model": ...}, "missing model"),
    ("a model with a NUL", {"model": "gpt\x00"}, "a text holds a NUL character; send it without"),
    ("a tag with a NUL", {"tags": {"team": "\x00"}}, "a text holds a NUL character; send it without"),
    ("an answer's id with a NUL", {"response_id": "\x00"}, "a text holds a NUL character; send it without"),
    ("a model of 201 characters", {"model": "m" * 201}, "model: expected str of length <= 200"),
    ("tags in a list", {"tags": ["feature"]}, "tags: expected object, got array"),
    ("a tag that is a number", {"tags": {"team": 5}}, "tags[...]: expected str, got int"),
    ("a tag that is null", {"tags": {"team": None}}, "tags[...]: expected str, got null"),
    ("a tag of 201 characters", {"tags": {"team": "x" * 201}}, "tags[...]: expected str of length <= 200"),
    ("seventeen tags", {"tags": {f"t{n}": "x" for n in range(17)}}, "tags: expected object of length <= 16"),
    ("a nested tag", {"tags": {"team": {"name": "web"}}}, "tags[...]: expected str, got object"),
    ("half a surrogate pair", '{"id":"\\ud800","at":"2026-11-24T12:00:00Z","provider":"p","model":"m"}', "not JSON: "),
    ("a null for the event", "null", "expected object, got null"),
    ("a list for the event", "[1, 2]", "expected object, got array"),
    ("a text for the event", '"hello"', "expected object, got str"),
    ("an empty event", "{}", "missing id"),
    # Clocks
    ("a time in words", {"at": "yesterday"}, "at: invalid RFC3339 encoded datetime"),
    ("a time without zone", {"at": "2026-11-24T12:00:00"}, "at has no time zone; write it as 2026-11-02T09:14:03Z"),
    ("a time in the year 9999", {"at": "9999-12-31T23:59:59Z"}, "at 9999-12-31T23:59:59+00:00 lies in the future"),
    ("a time in the year 1", {"at": "0001-01-01T00:00:00+23:59"}, "at 0001-01-01T00:00:00+23:59 is before 2020"),
    ("a clock two days ahead", {"at": "2026-11-26T12:00:00Z"}, "at 2026-11-26T12:00:00+00:00 lies in the future"),
    ("a clock at the epoch", {"at": "1970-01-01T00:00:00Z"}, "at 1970-01-01T00:00:00+00:00 is before 2020"),
    ("a time as milliseconds", {"at": 1_795_521_600_000}, "at: expected datetime, got int"),
    ("the thirtieth of February", {"at": "2026-02-30T12:00:00Z"}, "at: invalid RFC3339 encoded datetime"),
]  # fmt: skip

ACCEPTED: list[tuple[str, dict[str, Any]]] = [
    ("an unknown model", {"model": "gpt-99-unheard-of"}),
    ("an unknown provider", {"provider": "acme", "model": "house"}),
    ("a workload that nobody made", {"workload": "nobody-made-this"}),
    ("a name that pings a channel", {"tags": {"feature": "<!channel>"}, "model": "<!channel>"}),
    ("a name that turns the text around", {"tags": {"feature": "pay\u202emorf"}}),
    ("a name nobody can see", {"tags": {"feature": "\u200b"}, "id": "\u200bzero-width"}),
    ("a name in another script", {"tags": {"team": "مرحبا 搜索 😀"}}),
    ("a blank tag", {"tags": {"feature": "   "}}),
    ("SQL in a name", {"tags": {"team": "'; DROP TABLE usage_events; --"}, "id": "' OR 1=1 --"}),
    ("a formula in a name", {"tags": {"team": "=cmd|' /C calc'!A0"}}),
    ("a clock of half a day ahead", {"at": "2026-11-25T00:00:00Z"}),
    ("a time with an offset of half an hour", {"at": "2026-11-24T17:30:00+05:30"}),
    ("a time with nine decimals", {"at": "2026-11-24T12:00:00.123456789Z"}),
    ("no tokens at all", {"input_tokens": 0, "output_tokens": 0}),
    ("fields that are not known", {"prompt": "must not be kept", "nested": {"a": [1]}}),
    ("a tier that is not known", {"tier": "Platinum"}),
]  # fmt: skip


@pytest.mark.parametrize(("item", "reason"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
async def test_a_bad_event_is_refused_in_words_and_its_neighbours_count(
    api: Api, item: dict[str, Any] | Raw, reason: str
) -> None:
    number = next(_NAMES)
    bad = item if isinstance(item, str) else json.dumps(a_payload(**item))
    lines = [json.dumps(a_payload(id=f"left-{number}")), bad, json.dumps(a_payload(id=f"right-{number}"))]

    answer = await api.sends("\n".join(lines).encode())

    body = answer.json()
    assert (answer.status_code, body["accepted"], body["duplicates"]) == (202, 2, 0)
    ((index, error),) = [(refusal["index"], refusal["error"]) for refusal in body["rejected"]]
    assert index == 1
    assert error.startswith(reason)


@pytest.mark.parametrize("item", [row[1] for row in ACCEPTED], ids=[row[0] for row in ACCEPTED])
async def test_an_odd_event_is_taken_as_it_is(api: Api, item: dict[str, Any]) -> None:
    answer = await api.sends([a_payload(**item)])

    assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "duplicates": 0, "rejected": []})


async def test_one_id_with_two_contents_counts_once_and_is_told(api: Api) -> None:
    first, second = a_payload(id="twice"), a_payload(id="twice", output_tokens=1)

    together = (await api.sends([first, second])).json()
    again = (await api.sends([second])).json()

    told = "id twice was recorded before with different content; the first one counts. Send a correction under a new id"
    assert together == {"accepted": 1, "duplicates": 1, "rejected": [], "conflicts": [{"index": 1, "error": told}]}
    assert again == {"accepted": 0, "duplicates": 1, "rejected": [], "conflicts": [{"index": 0, "error": told}]}


async def test_one_id_under_two_tokens_is_two_events(api: Api) -> None:
    event = a_payload(id="shared")

    answers = [(await api.sends([event], token=token)).json()["accepted"] for token in ("usage", "second", "usage")]

    assert answers == [1, 1, 0]


async def test_a_prompt_that_was_sent_along_is_nowhere_in_the_books(api: Api) -> None:
    await api.sends([a_payload(prompt="tell me a secret-4711", messages=[{"content": "secret-4711"}])])

    for table in ("usage_events", "series"):
        async with api.service.uow.read() as tx:
            rows = (await tx.connection.exec_driver_sql(f"SELECT * FROM {table}")).all()
        assert "4711" not in repr(rows)


async def test_afterwards_everything_that_was_accepted_is_in_the_books(api: Api) -> None:
    await api.sends([a_payload(at=NOON.isoformat())])

    assert await number_of(api.service.uow, "SELECT count(*) FROM usage_events") == api.accepted
    await agreed(api.service.uow)
