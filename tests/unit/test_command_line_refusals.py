"""What `/budget` says to a line that it cannot read: the thing, the fact, and a line that works."""

from __future__ import annotations

import pytest

from bot.slack.command_line import parse
from bot.slack.command_words import MAX_LINE
from core.errors import BudgetError, OutOfRange, TooLarge, UnknownName, Unreadable
from tests.support.typed_lines import TODAY, as_slack_sends, must_be_read_or_refused, refusal_of

CASES = [
    ("a typo in the command", "sett search 4000", UnknownName, "Did you mean set", "/budget set search 4000"),
    ("no such command", "frobnicate", UnknownName, "“frobnicate” is not a command", "/budget status frobnicate"),
    ("an option as command", "owner=ana", UnknownName, "“owner=” is not a command", "/budget help"),
    ("a command in a foreign script", "статус", UnknownName, "is not a command", "/budget status"),
    ("a typo in the flag", "status --shar", UnknownName, "Did you mean --share", "/budget status --share"),
    ("an unknown flag", "status --json", UnknownName, "--share shows the answer", "/budget status"),
    ("help for nothing known", "help budgets", UnknownName, "There is no command “budgets”", "/budget help"),
    ("help with a typo", "help statsu", UnknownName, "Did you mean status", "/budget help status"),
    ("a name in two words", "status search answers", Unreadable, "name is one", "/budget status search-answers"),
    ("a broadcast as a name", "status <!channel>", OutOfRange, "<!channel>", "/budget status channel"),
    ("an escaped broadcast", "status &lt;!everyone&gt;", OutOfRange, "<!everyone>", "/budget status everyone"),
    ("letters from another alphabet", "status sеarch", OutOfRange, "letters a–z", "/budget status s-arch"),
    ("a name of emoji", "status 🚀🚀", OutOfRange, "not a name I can keep", "/budget status"),
    ("zero width", "status sea\u200brch", Unreadable, "U+200B, zero width space", "/budget status search"),
    ("right to left", "status \u202ehcraes", Unreadable, "right-to-left override", "/budget status hcraes"),
    ("a letter without ink", "status sea\u3164rch", Unreadable, "hangul filler", "/budget status search"),
    ("a control character", "status a\x00b", Unreadable, "U+0000, a control character", "/budget status ab"),
    ("status with an option", "status x soft=5", UnknownName, "do not know soft=", "/budget status x"),
    ("spend by nothing", "spend", Unreadable, "Spend by what", "/budget spend by feature"),
    ("a typo in the dimension", "spend by featur oct", UnknownName, "mean feature", "/budget spend by feature oct"),
    ("no such dimension", "spend by colour", UnknownName, "Use one of feature", "/budget spend by feature"),
    ("no such month", "spend by team smarch", Unreadable, "“smarch” is not a month", "/budget spend by team 2026-11"),
    ("a month to come", "spend by team 2027-01", OutOfRange, "has not begun", "/budget spend by team 2026-11"),
    ("a month that is none", "spend by team 2026-13", Unreadable, "not a month", "/budget spend by team 2026-11"),
    ("the amount alone", "set 4000", Unreadable, "but no workload", "/budget set"),
    ("options without a workload", "set sponsor=<@U0SAM|sam>", Unreadable, "I read sponsor @sam", "/budget set"),
    ("a negative amount", "set search -4000", OutOfRange, "not above zero", "/budget set search 4000"),
    ("nothing", "set search 0", OutOfRange, "more than $0", "/budget set search"),
    ("another currency", "set search €400", Unreadable, "kept in USD", "/budget set search"),
    ("two readings", "set search 4,00", Unreadable, "two ways", "/budget set search 4"),
    ("a raise by", "set search +500", Unreadable, "not an amount", "/budget set search"),
    ("too much money", "set search 99999999999", OutOfRange, "more than $1 billion", "/budget set search"),
    ("no amount at all", "set search lots", Unreadable, "“lots” is not an amount", "/budget set search"),
    ("an exponent", "set search 1e9", Unreadable, "not an amount", "/budget set search"),
    ("a name in two words", "set search answers 4k", Unreadable, "A name is one", "/budget set search-answers 4k"),
    ("two amounts", "set search 4000 5000", Unreadable, "“5000” belongs to", "/budget set search 4000"),
    ("a stray word", "set search 4000 please", Unreadable, "“please” belongs to", "/budget set search 4000"),
    ("an unknown person", "set search 4000 sponsor=@sam", Unreadable, "who “@sam” is", "/budget set search"),
    (
        "a group as a person",
        "set search 4000 sponsor=<!subteam^S1|@leads>",
        Unreadable,
        "one person",
        "/budget set search",
    ),
    ("a person as a channel", "set search 4 channel=<@U0SAM|sam>", Unreadable, "which channel", "/budget set search"),
    (
        "an unknown channel",
        "set search 4000 channel=#secret",
        Unreadable,
        "which channel “#secret”",
        "/budget set search",
    ),
    (
        "a person without a role",
        "set search 4000 <@U0SAM|sam>",
        Unreadable,
        "not in which role",
        "/budget set search 4000 sponsor=@sam",
    ),
    (
        "a typo in an option",
        "set search 4000 sponser=<@U0SAM|sam>",
        UnknownName,
        "Did you mean sponsor=",
        "/budget set search 4000 sponsor=@sam",
    ),
    (
        "two mistakes at once",
        "set search 4000 ownr=<@U0SAM|sam> harrd=90",
        UnknownName,
        "Did you mean owner=",
        "/budget set search 4000 owner=@sam hard=90",
    ),
    (
        "an option of nobody",
        "set search 4000 colour=red",
        UnknownName,
        "not an option of set",
        "/budget set search 4000",
    ),
    ("an amount under the name", "set search=4000", UnknownName, "Did you mean amount=", "/budget set"),
    ("an option twice", "set search 4 soft=80 soft=90", Unreadable, "given twice", "/budget set search 4 soft=80"),
    ("an option without a value", "set search 4 owner=", Unreadable, "nothing behind owner=", "/budget set search 4"),
    (
        "a value that is the next option",
        "set search 4 owner= sponsor=<@U0SAM|sam>",
        Unreadable,
        "nothing behind owner=",
        "/budget set search 4 sponsor=@sam",
    ),
    ("a share of nobody", "set search 4000 80%", Unreadable, "for which threshold", "/budget set search 4000 soft=80%"),
    ("a share in words", "set search 4 soft=most", Unreadable, "soft: “most” is not", "/budget set search 4"),
    ("a share with a typo", "set search 4 soft=80%%", Unreadable, "not a share", "/budget set search 4 soft=80%"),
    (
        "a throttle of nothing",
        "set search 4 throttle=0/min",
        OutOfRange,
        "throttle=60/min",
        "/budget set search 4 degrade=throttle=1/min",
    ),
    (
        "a model with spaces",
        "set search 4 degrade='gpt 4 mini'",
        Unreadable,
        "not a way to degrade",
        "/budget set search 4 degrade=gpt-4-mini",
    ),
    ("an endless quote", 'workload add x feature="abc', Unreadable, "never ends", "/budget workload add x feature=abc"),
    ("a rule for nobody", "workload add feature=x", Unreadable, "to which workload", "/budget help workload"),
    ("a rule without conditions", "workload add x", OutOfRange, "at least one", "/budget workload add x feature=x"),
    (
        "a rule twice on one dimension",
        "workload add x team=a team=b",
        Unreadable,
        "matches one value",
        "/budget workload add x team=a",
    ),
    (
        "a typo in a rule's dimension",
        "workload add x featur=a",
        UnknownName,
        "Did you mean feature=",
        "/budget workload add x feature=a",
    ),
    (
        "a rule on an unknown dimension",
        "workload add x region=eu",
        UnknownName,
        "tag.region=",
        "/budget workload add x tag.region=eu",
    ),
    (
        "a rule's name in two words",
        "workload add my search team=a",
        Unreadable,
        "a name is one word",
        "/budget workload add my-search team=a",
    ),
    (
        "a rule without a value",
        "workload add x team=",
        Unreadable,
        "nothing behind team=",
        "/budget workload add x feature=x",
    ),
    ("rules of nobody", "workload rules", Unreadable, "of which workload", "/budget workload list"),
    ("a typo behind workload", "workload lst", UnknownName, "Did you mean list", "/budget workload list"),
    ("a workload behind workload", "workload x", UnknownName, "not a part", "/budget workload rules x"),
    ("more behind list", "workload list all", Unreadable, "takes nothing", "/budget workload list"),
    ("a price of no class", "price gpt-4.1 1.25", Unreadable, "not of what", "/budget price gpt-4.1 input=1.25"),
    ("a price with a comma", "price x input=1,25", Unreadable, "not a price", "/budget price x input=1.25"),
    ("an absurd price", "price x input=1e999999", Unreadable, "not a price", "/budget price x"),
    ("a price that is no number", "price x input=nan", Unreadable, "not a price", "/budget price x"),
    ("a typo in a class", "price x outptu=1", UnknownName, "Did you mean output=", "/budget price x output=1"),
    ("a price of no model", "price input=1", Unreadable, "but no model", "/budget help price"),
    (
        "no such day",
        "price x input=1 from=2026-02-30",
        Unreadable,
        "not a day",
        "/budget price x input=1 from=2026-11-24",
    ),
    (
        "a day far away",
        "price x input=1 from=2099-01-01",
        OutOfRange,
        "too far away",
        "/budget price x input=1 from=2026-11-24",
    ),
    ("a day without a price", "price x from=2026-11-01", Unreadable, "no price", "/budget price x"),
    (
        "one class by two names",
        "price x input=1 input_uncached=2",
        Unreadable,
        "the same class",
        "/budget price x input=1",
    ),
]


@pytest.mark.parametrize(("name", "text", "kind", "says", "correction"), CASES, ids=[case[0] for case in CASES])
def test_a_refusal_says_what_is_wrong_and_how_it_would_be_right(
    name: str, text: str, kind: type[BudgetError], says: str, correction: str
):
    refusal = refusal_of(text)
    assert type(refusal) is kind
    assert says in refusal.message
    assert refusal.correction == correction
    parse(as_slack_sends(correction), today=TODAY)


def test_a_line_that_is_too_long_is_refused_as_a_whole():
    assert type(refusal_of("set " + "x" * MAX_LINE)) is TooLarge


def test_a_refused_line_keeps_its_wish_to_be_shared():
    assert refusal_of("--share status search answers").correction == "/budget status search-answers --share"


def test_a_refusal_never_repeats_a_mention_that_would_ping():
    assert "<@" not in refusal_of("set search <@U0SAM|sam> <@U0SAM|sam>").message


def test_long_input_is_shortened_where_it_is_repeated():
    assert len(refusal_of(f"frob{'x' * 2_000}").message) < 300


@pytest.mark.parametrize(
    "text",
    [
        "price <@U0SAM|sam>", "sources now", "unattributed search", "tags model", "tags environment prod",
        "tags environment prod=", "tags =x", "tags <!here>", "workload explain", "workload explain search",
        "workload explain featuer=search", "workload explain feature=", "workload explain workload=",
        "workload explain feature=a feature=b", "workload remove", "workload remove x featuer=y", "workload remve x a=b",
    ],
)  # fmt: skip
def test_lines_about_trust_and_rules_are_refused_with_a_line_that_works(text: str):
    with pytest.raises(BudgetError):
        parse(text, today=TODAY)
    must_be_read_or_refused(text)
