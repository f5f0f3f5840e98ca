"""What `/budget …` means, one named case per way of writing it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from bot.slack.command_forms import (
    Audit,
    Command,
    Help,
    Hub,
    Price,
    Set,
    Sources,
    Spend,
    Status,
    Tags,
    Unattributed,
    WorkloadAdd,
    WorkloadExplain,
    WorkloadList,
    WorkloadRemove,
    WorkloadRules,
)
from bot.slack.command_line import parse
from core.change_request import SetOrder
from core.money import NANOS
from core.period import Cycle

TODAY = date(2026, 11, 24)
SEARCH = SetOrder("search-answers", nanos=4_000 * NANOS)
NOVEMBER, OCTOBER = Cycle(2026, 11), Cycle(2026, 10)


def read(text: str) -> Command:
    return parse(text, today=TODAY)


def order(**changes: object) -> Set:
    return Set(replace(SEARCH, **changes))


@pytest.mark.parametrize(
    ("name", "text", "command"),
    [
        ("nothing", "", Hub()),
        ("only spaces", " \u00a0 \n", Hub()),
        ("the command again", "/budget", Hub()),
        ("only share", "--share", Hub(share=True)),
        ("help", "help", Help()),
        ("a question mark", "?", Help()),
        ("help for a command", "HELP Set", Help("set")),
        ("help for a subcommand", "help workload add", Help("workload")),
        ("help as a flag", "set --help", Help("set")),
        ("status", "status", Status()),
        ("status of one", "status search-answers", Status("search-answers")),
        ("any case and spaces", "  STATUS   Search-Answers ", Status("search-answers")),
        ("non-breaking spaces", "status\u00a0search-answers", Status("search-answers")),
        ("a whole line pasted behind the command", "/budget status support", Status("support")),
        ("a name that Slack made a link of", "status <http://search.io|search.io>", Status("search.io")),
        ("a name in quotes", "status “Search Answers”", Status("search-answers")),
        ("share at the end", "status support --share", Status("support", share=True)),
        ("share at the start", "--share status support", Status("support", share=True)),
        ("share as iOS writes it", "status support —share", Status("support", share=True)),
        ("share with an en dash and capitals", "status –SHARE", Status(share=True)),
        ("audit", "audit", Audit()),
        ("audit of one", "audit support --share", Audit("support", share=True)),
        ("workloads", "workloads", WorkloadList()),
        ("workload list", "workload list", WorkloadList()),
        ("workload rules", "workload rules Support", WorkloadRules("support")),
        (
            "a rule with quotes and escapes",
            "workload add Support feature=“semantic search” env=prod customer=A&amp;B",
            WorkloadAdd("support", {"feature": "semantic search", "environment": "prod", "customer": "A&B"}),
        ),
        (
            "a rule with spaces around the sign",
            "workload add support team = discovery",
            WorkloadAdd("support", {"team": "discovery"}),
        ),
        ("a rule on an own tag", "workload add x tag.region=eu", WorkloadAdd("x", {"tag.region": "eu"})),
        ("a rule before the name", "workload add feature=search x", WorkloadAdd("x", {"feature": "search"})),
        ("a value with an equals sign", "workload add x feature=a=b", WorkloadAdd("x", {"feature": "a=b"})),
        ("a value with an apostrophe", "workload add x customer=O'Brien", WorkloadAdd("x", {"customer": "O'Brien"})),
        ("single quotes", "workload add x customer='Big Co'", WorkloadAdd("x", {"customer": "Big Co"})),
        ("spend", "spend by feature", Spend("feature", NOVEMBER)),
        ("spend without by", "spend team", Spend("team", NOVEMBER)),
        ("spend by a plural last month", "spend by Models last month", Spend("model", OCTOBER)),
        ("spend by a short form in a month", "spend by env in October 2026", Spend("environment", OCTOBER)),
        ("spend by workload of a month in digits", "spend by workload 2026-10", Spend("workload", OCTOBER)),
        ("a price to show", "price gpt-4.1", Price("gpt-4.1")),
        ("what to remove", "workload remove Support feature=chat", WorkloadRemove("support", {"feature": "chat"})),
        ("nothing to remove yet shows the rules", "workload remove support", WorkloadRules("support")),
        (
            "labels to explain",
            "workload explain feature=search env=prod workload=Chat",
            WorkloadExplain({"feature": "search", "environment": "prod", "workload": "Chat"}),
        ),
        ("sources", "Sources", Sources()),
        ("unattributed, shared", "unattributed --share", Unattributed(share=True)),
        ("all tags", "tags", Tags()),
        ("one tag by its short form", "tags env", Tags("environment")),
        ("a tag of one's own", "tag tag.plan", Tags("plan")),
        ("two values of a tag", "tags environment Prod=production", Tags("environment", (("prod", "production"),))),
        ("prices as a whole", "price", Price()),
        (
            "a price to set",
            "price gpt-4.1 input=$1.25 Output=10 from=2026-12-01 provider=OpenAI tier=batch",
            Price("gpt-4.1", "openai", {"input": "1.25", "output": "10"}, date(2026, 12, 1), "batch"),
        ),
        (
            "a price from the first of a month",
            "price x cache-read=0 from=2026-12",
            Price("x", None, {"cache_read": "0"}, date(2026, 12, 1)),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_line_is_read(name: str, text: str, command: Command):
    assert read(text) == command, name


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("nothing asks for the modal", "set", Set()),
        ("only a workload asks for the modal", "set Search-Answers", Set(SetOrder("search-answers"))),
        ("an amount", "set search-answers 4000", order()),
        ("dollars and k", "set search-answers $4k", order()),
        ("a currency behind", "set search-answers 4,000.00 USD", order()),
        ("digits in groups", "set search-answers 4 000", order()),
        ("a narrow space in groups", "set search-answers 4\u202f000", order()),
        ("a symbol apart", "set search-answers $ 4 000", order()),
        ("a filler", "set search-answers to 4000", order()),
        ("words around the amount", "set search-answers to $4k a month", order()),
        ("an id pasted from a correction", "set search-answers 4000 sponsor=&lt;@U0SAM&gt;", order(sponsor="U0SAM")),
        ("the amount first", "set 4000 search-answers", order()),
        ("a name that is a number", "set 2024 4000", order(workload="2024")),
        ("amount as an option", "set search-answers amount=4000", order()),
        ("amount as an option in groups", "set search-answers amount = 4 000", order()),
        ("every word as an option", "set workload=search-answers size=4k", order()),
        ("a sponsor", "set search-answers 4000 sponsor=<@U0SAM|sam>", order(sponsor="U0SAM")),
        ("a mention without a name", "set search-answers 4000 sponsor=<@U0SAM>", order(sponsor="U0SAM")),
        ("a mention with spaces in the name", "set search-answers 4000 owner=<@W0ANA|Ana Ruiz>", order(owner="W0ANA")),
        ("spaces around the sign", "set search-answers 4000 owner = <@U0ANA|ana>", order(owner="U0ANA")),
        ("no sign at all", "set search-answers 4000 sponsor <@U0SAM|sam>", order(sponsor="U0SAM")),
        ("an option like a flag", "set search-answers 4000 --deputy=<@U0DANA|dana>", order(deputy="U0DANA")),
        ("a channel", "set search-answers 4000 channel=<#C0SEARCH|search-eng>", order(channel="C0SEARCH")),
        ("a channel alone", "set search-answers 4000 <#C0SEARCH|search-eng>", order(channel="C0SEARCH")),
        ("a private channel without a name", "set search-answers 4000 <#G0LEADS|>", order(channel="G0LEADS")),
        ("thresholds", "set search-answers 4000 soft=70% hard=110%", order(soft_share=0.7, hard_share=1.1)),
        ("a percent sign apart", "set search-answers 4000 soft = 70 %", order(soft_share=0.7)),
        ("shares", "set search-answers 4000 margin=20 holdback=5%", order(margin=0.2, holdback=0.05)),
        ("a cheaper model", "set search-answers 4000 degrade=gpt-4.1-mini", order(degrade="gpt-4.1-mini")),
        ("stop", "set search-answers 4000 degrade=STOP", order(degrade="stop")),
        ("a throttle", "set search-answers 4000 degrade=throttle=60/min", order(degrade="throttle=60/min")),
        ("a throttle by itself", "set search-answers 4000 throttle=60", order(degrade="throttle=60/min")),
        ("no amount", "set search-answers hard=90", Set(SetOrder("search-answers", hard_share=0.9))),
        ("options first", "set sponsor=<@U0SAM|sam> 4000 search-answers", order(sponsor="U0SAM")),
        ("share in the middle", "set search-answers --share 4000", Set(SEARCH, share=True)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_envelope_is_ordered(name: str, text: str, expected: Set):
    assert read(text) == expected, name


@pytest.mark.parametrize(
    ("text", "modal"), [("set", True), ("set support", True), ("set support 5", False), ("set support soft=70", False)]
)
def test_only_a_bare_set_asks_for_the_modal(text: str, modal: bool):
    command = read(text)
    assert isinstance(command, Set)
    assert command.wants_modal is modal
