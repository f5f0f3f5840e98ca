"""What can be mended of a cause, and with which button."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from bot.slack import ids
from bot.slack.listeners.workloads import carried
from bot.slack.views.mend import mend_modal, mend_of, preview_modal
from core.money import NANOS
from core.services.mend_prices import AliasMend, MendPreview, PriceMend
from tests.support.shown import view_problems

FIRST = date(2026, 10, 1)


def a_result(cause: str, **details: Any) -> dict[str, Any]:
    told = {
        "cause": cause,
        "nanos": 5 * NANOS,
        "confidence": 0.9,
        "evidence": "<!channel> evidence",
        "details": details,
    }
    return {"provider": "openai", "month": "2026-10", "causes": [told], "models": [["gpt-4.1", NANOS, NANOS]]}


def mended(cause: str, **details: Any) -> object:
    result = a_result(cause, **details)
    return mend_of(result["causes"][0], result)


def buttons(cause: str, **details: Any) -> list[dict[str, Any]]:
    shown = mend_modal(a_result(cause, **details), "7 abc", carry=carried)
    assert view_problems(shown) == []
    return [one for block in shown["blocks"] if block["type"] == "actions" for one in block["elements"]]


def test_an_alias_is_set_from_the_months_first_day() -> None:
    assert mended("alias", model="fast", billed_as="gpt-4.1") == AliasMend("openai", "fast", "gpt-4.1", FIRST)


def test_one_class_or_one_tier_gets_its_own_price() -> None:
    one = mended("wrong_price", model="gpt-4.1", token_class="output", ratio=1.25)
    assert one == PriceMend("openai", ("gpt-4.1",), 1_250_000, FIRST, token_class="output")
    other = mended("service_tier", variant="priority", tier="priority", ratio=0.9)
    assert other == PriceMend("openai", ("gpt-4.1",), 900_000, FIRST, tier="priority")


@pytest.mark.parametrize(
    ("cause", "details"),
    [
        ("wrong_price", {"model": "gpt-4.1"}),
        ("wrong_price", {"model": "gpt-4.1", "ratio": 1.2, "project": "p"}),
        ("wrong_price", {"model": "gpt-4.1", "ratio": 1.2, "token_class": "searches"}),
        ("wrong_price", {"model": "gpt-4.1", "ratio": 1_000.0}),
        ("discount", {"ratio": 0.9, "until_on": "2026-10-05"}),
        ("service_tier", {"model": "gpt-4.1", "ratio": 2.0}),
        ("tax", {"ratio": 1.2}),
    ],
)
def test_what_names_no_single_price_has_no_button(cause: str, details: dict[str, Any]) -> None:
    assert mended(cause, **details) is None


@pytest.mark.parametrize(
    ("details", "rule"),
    [
        ({"projects": ["proj_9"]}, {"project": "proj_9"}),
        ({"keys": ["key_9"]}, {"tag.api_key": "key_9"}),
        ({"models": ["o3"]}, {"model": "o3", "provider": "openai"}),
    ],
)
def test_usage_that_nobody_reports_gets_a_workload_by_whatever_the_bill_names(
    details: dict[str, Any], rule: dict[str, str]
) -> None:
    (button,) = buttons("untracked_key", **details)

    assert button["action_id"] == ids.PREVIEW_RULE
    assert json.loads(button["value"])[1] == rule


def test_an_alias_is_previewed_by_its_own_name() -> None:
    (button,) = buttons("alias", model="fast", billed_as="gpt-4.1")
    assert button["text"]["text"] == "Preview the alias…"
    shown = preview_modal(AliasMend("openai", "fast", "gpt-4.1", FIRST), MendPreview((), (), ()), "7 abc 0")
    assert view_problems(shown) == []
    assert shown["submit"]["text"] == "Set alias"
