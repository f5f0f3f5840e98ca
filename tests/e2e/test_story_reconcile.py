"""Story: October is closed. An invoice is brought, the gap has names, two people sign; and what happens on other days."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from core.period import Cycle
from core.services.manage_tokens import create_token
from sandbox.people import text_of
from tests.support.office import ANA, NOW, SAM, Office, set_fault, with_search

HEADER = "date,model,token_type,tokens,cost\n"


def october_bill(*, extra: float = 0.0, days: int = 10, factor: float = 1.0) -> bytes:
    """The bill of what `with_october` sends: 5M input and 1M output tokens a day of gpt-4.1, 10 + 8 dollars."""
    rows = [
        f"2026-10-{day:02},gpt-4.1,{kind},{tokens},{cost * factor}"
        for day in range(1, days + 1)
        for kind, tokens, cost in (("input", 5_000_000, 10.0), ("output", 1_000_000, 8.0))
    ]
    if extra:
        rows.append(f"2026-10-31,,Tax,,{extra}")
    return (HEADER + "\n".join(rows) + "\n").encode()


async def with_october(office: Office) -> None:
    """Ana's search spent 18 dollars a day on the first ten days of October."""
    await with_search(office)
    token = await create_token(office.service.uow, "october", frozenset({"usage"}), by="U0FARAH", now=NOW)
    start = datetime(2026, 10, 1, 12, tzinfo=UTC)
    events = [
        {
            "id": f"o-{day}", "at": (start + timedelta(days=day)).isoformat(), "provider": "openai", "model": "gpt-4.1",
            "requests": 100, "input_tokens": 5_000_000, "output_tokens": 1_000_000, "tags": {"feature": "search"},
        }
        for day in range(10)
    ]  # fmt: skip
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{office.service.url}/v1/usage", json=events) as answer,
    ):
        assert answer.status == 202
    done = await office.farah.types(f"/budget set search 500 owner={ANA} sponsor={SAM}")
    assert "has an envelope of" in done.text


async def brings(office: Office, content: bytes, name: str = "october.csv", **fields: str) -> None:
    """Farah fills in the form."""
    await office.farah.types("/budget reconcile openai 2026-10")
    file = await office.farah.uploads(name, content)
    done = await office.farah.submits({"invoice_file": [file], **fields})
    assert not done.errors, done.errors


async def the_comparison(office: Office, words: str = "The invoice says") -> dict:
    return await office.farah.sees(words, channel="C0BUDGET", within=15)


async def test_an_owner_who_does_not_sign_says_why(office: Office) -> None:
    await with_october(office)
    await brings(office, october_bill(extra=9.0))
    head = await the_comparison(office)
    await office.ana.clicks("Refuse…", message=head)
    assert "few words" in (await office.ana.submits({"refusal_reason": "x"})).errors["refusal_reason"]
    await office.ana.submits({"refusal_reason": "<!channel> batch is missing"})
    refused = await office.farah.sees("does not sign", channel="C0BUDGET")
    assert "<!channel>" not in json.dumps(refused)
    assert "&lt;!channel&gt; batch is missing" in text_of(refused)


async def test_a_stranger_signs_nothing(office: Office) -> None:
    await with_october(office)
    await brings(office, october_bill(extra=9.0))
    head = await the_comparison(office)
    assert "This is signed by <@U0ANA>" in (await office.kim.clicks("Sign", message=head)).text
    assert "for the owners and the finance partner" in (await office.kim.clicks("Refuse…", message=head)).text


BAD = {
    "a broken csv": (b'date,model,cost\n"2026-10-01,gpt-4.1,1\n2026-10-02,gpt,notmoney\n', "bad.csv", "cannot be read"),
    "the wrong month": (october_bill().replace(b"2026-10", b"2026-09"), "sep.csv", "is for 2026-09, not for 2026-10"),
    "another provider": (
        b"date,provider,model,cost\n2026-10-01,anthropic,claude-sonnet-4-5,3\n", "a.csv", "is from anthropic, not from openai",
    ),
    "two currencies": (
        b"date,model,cost,currency\n2026-10-01,gpt-4.1,3,USD\n2026-10-02,gpt-4.1,3,EUR\n", "mix.csv", "mixes currencies",
    ),
    "a foreign currency without a rate": (
        b"date,model,cost,currency\n2026-10-01,gpt-4.1,3,EUR\n", "eur.csv", "Give the dollars for one EUR",
    ),
    "cents": (october_bill(factor=100.0), "cents.csv", "looks like cents"),
    "a total that is not the sum": (
        b"date,model,cost\n2026-10-01,gpt-4.1,3\nTotal,,5\n", "total.csv", "2.000000000 is missing",
    ),
    "a workbook with macros": (b"PK\x03\x04" + b"\x00" * 400, "bill.csv", "Save the sheet as CSV"),
    "nothing": (b" \n", "empty.csv", "empty"),
    "usage": (b"id,at,provider,model\n1,2026-10-01T00:00:00Z,openai,gpt-4.1\n", "usage.csv", "is no bill"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
async def test_a_bad_invoice_is_answered_and_nothing_is_stored(office: Office, case: str) -> None:
    content, name, words = BAD[case]
    await with_october(office)
    await brings(office, content, name)
    answer = await office.farah.sees("was not compared", channel="C0BUDGET", within=15)
    assert words in text_of(answer)
    async with office.service.uow.read() as tx:
        assert await tx.invoices.versions("openai", Cycle(2026, 10)) == []


async def test_amounts_that_somebody_vouches_for_are_compared(office: Office) -> None:
    await with_october(office)
    await brings(office, october_bill(factor=100.0))
    answer = await office.farah.sees("looks like cents", channel="C0BUDGET", within=15)
    await office.farah.clicks("The amounts are right", message=answer)
    await the_comparison(office, "The invoice says $18,000")


async def test_a_foreign_invoice_is_compared_at_its_rate(office: Office) -> None:
    await with_october(office)
    bill = b"date,model,token_type,cost,currency\n2026-10-05,gpt-4.1,output,100,EUR\n"
    await brings(office, bill, "eur.csv", invoice_rate="1.1 2026-10-31 ECB")
    head = await the_comparison(office, "The invoice says $110")
    assert "100 EUR at 1.1 (2026-10-31, ECB)" in text_of(head)


async def test_a_rate_that_cannot_be_read_is_said_at_its_field(office: Office) -> None:
    await with_october(office)
    await office.farah.types("/budget reconcile openai 2026-10")
    file = await office.farah.uploads("october.csv", october_bill())
    done = await office.farah.submits({"invoice_file": [file], "invoice_rate": "cheap"})
    assert "like 1.0832 2026-10-31 ECB" in done.errors["invoice_rate"]


async def test_a_file_that_slack_does_not_give_is_said(office: Office) -> None:
    await with_october(office)
    office.box.scopes.discard("files:read")
    await office.farah.types("/budget reconcile openai 2026-10")
    file = await office.farah.uploads("october.csv", october_bill())
    await office.farah.submits({"invoice_file": [file]})
    await office.farah.sees("was not compared", channel="C0BUDGET", within=15)


async def test_a_lost_answer_while_the_comparison_is_shown_makes_no_second_message(office: Office) -> None:
    await with_october(office)
    await set_fault(office, "chat.update", "lost", times=2)
    await brings(office, october_bill(extra=9.0))
    for _ in range(4):
        await office.later(seconds=90)
    await the_comparison(office)
    heads = [one for one in await office.farah.reads("C0BUDGET") if "invoice against estimate" in text_of(one)]
    assert len(heads) == 1


async def test_a_person_outside_of_finance_and_owners_gets_no_form(office: Office) -> None:
    await with_october(office)
    assert "for the finance team and for owners" in (await office.kim.types("/budget reconcile openai 2026-10")).text
