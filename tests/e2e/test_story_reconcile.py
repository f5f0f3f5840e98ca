"""Story: October is closed. An invoice is brought, the gap has names, two people sign; and what happens on other days."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import aiohttp

from core.period import Cycle
from core.services.manage_tokens import create_token
from core.services.tell_reconciliation import remind_signers
from sandbox.people import text_of
from tests.support.office import ANA, NOW, SAM, Office, set_fault, settled_view, with_search

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


async def test_october_is_closed_with_two_signatures(office: Office) -> None:
    await with_october(office)
    await brings(office, october_bill(extra=9.0))
    head = await the_comparison(office)
    said = text_of(head)
    assert "openai · October 2026: invoice against estimate" in said
    assert "The invoice says $189, the books $180: +$9 (+5.0%)" in said
    assert "Tax" in said
    assert "Waits for <@U0ANA> and <@U0FARAH> for finance" in said
    assert any(block["type"] == "image" for block in head["blocks"])
    await office.farah.sees("The same as CSV", channel="C0BUDGET")

    assert "as owner" in (await office.ana.clicks("Sign", message=head)).text
    signed = await office.farah.sees("Signed by <@U0ANA> (owner)", channel="C0BUDGET")
    assert signed["ts"] == head["ts"]
    assert "the month is closed" in (await office.farah.clicks("Sign", message=signed)).text
    closed = await office.farah.sees("Closed 24 Nov 2026", channel="C0BUDGET")
    assert closed["ts"] == head["ts"]
    assert not any(block["type"] == "actions" for block in closed["blocks"])
    status = await office.sam.types("/budget reconcile --status")
    assert "1 of 1 month closed" in status.text


async def test_one_message_shows_the_way_from_the_file_to_the_comparison(office: Office) -> None:
    await with_october(office)
    await brings(office, october_bill())
    head = await the_comparison(office)
    others = [one for one in await office.farah.reads("C0BUDGET") if "openai October 2026" in text_of(one)]
    assert [one["ts"] for one in others if not one.get("ephemeral") and not one.get("thread_ts")] in ([], [head["ts"]])
    assert head["edited"] is not None


async def test_the_thread_has_the_table_and_a_file_without_formulas(office: Office) -> None:
    await with_october(office)
    await brings(office, october_bill() + b'2026-10-31,"=HYPERLINK(""http://x"")",output,1,0.5\n')
    head = await the_comparison(office)
    record = await office.farah.sees("The same as CSV", channel="C0BUDGET")
    assert record["thread_ts"] == head["ts"]
    link = text_of(record).partition("<")[2].partition("|")[0]
    async with aiohttp.ClientSession() as session, session.get(link) as answer:
        content = await answer.text()
    assert content.startswith("part,provider,month,label,estimate_usd,invoice_usd,gap_usd")
    assert "\ntotal,openai,2026-10,,180.000000000,180.500000000,0.500000000" in content.replace("\r", "")
    assert "'=hyperlink" in content.lower()


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


async def test_whoever_has_not_signed_is_reminded_in_slack_the_next_day(office: Office) -> None:
    await with_october(office)
    await brings(office, october_bill(extra=9.0))
    head = await the_comparison(office)
    await office.farah.clicks("Sign", message=head)
    await office.farah.sees("Signed by <@U0FARAH>", channel="C0BUDGET")
    await office.later(seconds=15)
    seen = {one["ts"] for one in await office.ana.reads("dm")}
    await remind_signers(office.service.uow, finance_team=("U0FARAH",), now=NOW + timedelta(days=1, minutes=5))
    await office.later(days=1, minutes=5)
    reminder = (await office.ana.reads("dm"))[-1]
    assert reminder["ts"] not in seen
    assert "Waits for <@U0ANA>" in text_of(reminder)
    assert "as owner" in (await office.ana.clicks("Sign", message=reminder)).text
    await office.farah.sees("Closed 25 Nov 2026", channel="C0BUDGET")


async def test_a_stranger_signs_nothing(office: Office) -> None:
    await with_october(office)
    await brings(office, october_bill(extra=9.0))
    head = await the_comparison(office)
    assert "This is signed by <@U0ANA>" in (await office.kim.clicks("Sign", message=head)).text
    assert "for the owners and the finance partner" in (await office.kim.clicks("Refuse…", message=head)).text


async def test_a_restated_invoice_changes_the_message_and_voids_the_signature(office: Office) -> None:
    await with_october(office)
    await brings(office, october_bill(extra=9.0))
    head = await the_comparison(office)
    await office.ana.clicks("Sign", message=head)
    await office.farah.sees("Signed by <@U0ANA>", channel="C0BUDGET")
    await brings(office, october_bill(extra=10.0), "october-restated.csv")
    newer = await the_comparison(office, "The invoice says $190")
    assert newer["ts"] == head["ts"]
    assert "version 2" in text_of(newer)
    assert "Signed by" not in text_of(newer)
    await office.ana.sees("your signature is void", channel="dm")


async def test_numbers_that_moved_between_reading_and_signing_are_shown_first(office: Office) -> None:
    await with_october(office)
    await brings(office, october_bill(extra=9.0))
    head = await the_comparison(office)
    async with office.service.uow.write() as tx:
        stored = await tx.reconciliations.current("openai", Cycle(2026, 10))
    assert stored is not None
    token = await create_token(office.service.uow, "late", frozenset({"usage"}), by="U0FARAH", now=NOW)
    late = {
        "id": "late",
        "at": "2026-10-11T12:00:00Z",
        "provider": "openai",
        "model": "gpt-4.1",
        "output_tokens": 1_000_000,
    }
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{office.service.url}/v1/usage", json=[late], headers={"Authorization": f"Bearer {token}"}
        ) as answer,
    ):
        assert answer.status == 202
    assert "look at the new numbers first" in (await office.ana.clicks("Sign", message=head)).text
    newer = await the_comparison(office, "the books $188")
    assert newer["ts"] == head["ts"]
    await office.ana.clicks("Sign", message=newer)
    await office.farah.sees("Signed by <@U0ANA>", channel="C0BUDGET")


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


async def test_a_bad_invoice_is_answered_and_nothing_is_stored(office: Office) -> None:
    await with_october(office)
    for case, (content, name, words) in BAD.items():
        await brings(office, content, name)
        answer = await office.farah.sees(words, channel="C0BUDGET", within=15)
        assert "was not compared" in text_of(answer), case
        async with office.service.uow.read() as tx:
            assert await tx.invoices.versions("openai", Cycle(2026, 10)) == [], case


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


async def test_a_price_that_the_invoice_shows_is_previewed_set_and_repriced(office: Office) -> None:
    await with_october(office)
    await brings(office, october_bill(factor=0.8))
    head = await the_comparison(office)
    assert "Another price" in text_of(head) or "Discount" in text_of(head), text_of(head)
    await office.farah.clicks("Mend…", message=head)
    listed = await settled_view(office.farah)
    assert "You see what it does to every envelope" in text_of(listed)
    await office.farah.clicks("Preview the price…")
    preview = await settled_view(office.farah)
    assert "0.8× of the price in the books" in text_of(preview)
    assert "search: $360 → *$288*" in text_of(preview)
    await office.farah.submits({"reprice": ["reprice"]})
    done = await office.farah.sees("Repriced")
    assert "from now on" in text_of(done)
    newer = await the_comparison(office, "The invoice says $144, and so do the books")
    assert newer["ts"] == head["ts"]


async def test_an_alias_is_seen_before_it_is_set_and_the_comparison_follows(office: Office) -> None:
    await with_october(office)
    bill = october_bill(factor=0.2).replace(b",gpt-4.1,", b",gpt-4.1-mini,")
    await brings(office, bill)
    head = await the_comparison(office)
    assert "gpt-4.1 in the books and gpt-4.1-mini on the bill" in text_of(head), text_of(head)
    await office.farah.clicks("Mend…", message=head)
    await settled_view(office.farah)
    await office.farah.clicks("Preview the alias…")
    preview = await settled_view(office.farah)
    assert "gpt-4.1 is priced as gpt-4.1-mini, from 1 Oct 2026" in text_of(preview)
    assert "search: $360 → *$72*" in text_of(preview)
    await office.farah.submits({"reprice": ["reprice"]})
    await office.farah.sees("Repriced")
    newer = await the_comparison(office, "The invoice says $36, and so do the books")
    assert newer["ts"] == head["ts"]
    assert "stands for *gpt-4.1-mini*" in (await office.farah.types("/budget price gpt-4.1")).text


async def test_only_finance_sees_the_preview_of_a_price(office: Office) -> None:
    await with_october(office)
    await brings(office, october_bill(factor=0.8))
    head = await the_comparison(office)
    await office.ana.clicks("Mend…", message=head)
    await settled_view(office.ana)
    answer = await office.ana.clicks("Preview the price…")
    assert "Only the finance team" in answer.text
