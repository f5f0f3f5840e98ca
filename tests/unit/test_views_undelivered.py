"""What finance reads when messages could not be delivered."""

from __future__ import annotations

import pytest

from bot.slack.views.undelivered import undelivered_message


@pytest.mark.parametrize(
    ("total", "waiting", "said"),
    [
        (1, [("C0BUDGET", 1)], "I could not deliver *1 message* for <#C0BUDGET>."),
        (3, [("C0BUDGET", 3)], "I could not deliver *3 messages* for <#C0BUDGET>."),
        (3, [("C0BUDGET", 2), ("U0SAM", 1)], "*3 messages* for <#C0BUDGET> (2 messages) and <@U0SAM> (1 message)."),
        (5, [("C0BUDGET", 3)], "*5 messages* for <#C0BUDGET> (3 messages) and 2 messages elsewhere."),
        (2, [], "I could not deliver *2 messages*."),
    ],
)
def test_it_says_how_many_for_whom_and_counts_once(total: int, waiting: list[tuple[str, int]], said: str) -> None:
    assert said in undelivered_message({"total": total, "waiting": waiting, "because": "is_archived"})["text"]


def test_a_reason_that_nobody_foresaw_leads_to_the_log() -> None:
    message = undelivered_message({"total": 1, "waiting": [], "because": "new_in_2027"})

    assert "notice_parked" in str(message["blocks"])
    assert "new_in_2027" in str(message["blocks"])
