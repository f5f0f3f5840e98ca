"""Help, refusals and our own faults: every one leads on."""

from __future__ import annotations

from datetime import date

import pytest

from bot.slack.command_line import parse
from bot.slack.command_readers import COMMANDS, HELP_GROUPS
from bot.slack.views.help import help_message
from bot.slack.views.help_topics import GROUPS, TOPICS
from bot.slack.views.refusal import reference_message, refusal_message
from core.errors import BudgetError, UnknownName
from tests.support.shown import interpreted, refused, words
from tests.support.standings import HOSTILE


def pasteable(message) -> list[str]:
    parts = [block["elements"][0]["elements"][0]["text"] for block in message["blocks"] if block["type"] == "rich_text"]
    return "\n".join(parts).splitlines()


@pytest.mark.parametrize("topic", [None, *GROUPS, *TOPICS])
def test_every_example_can_be_pasted_as_it_is(topic: str | None):
    lines = pasteable(help_message(topic, ("search-answers",)))
    assert lines
    for line in lines:
        typed = line.removeprefix("/budget ").replace("@ana", "<@U0ANA>").replace("@sam", "<@U0SAM>")
        parse(typed.replace("#ai-budget", "<#C0BUDGET>"), today=date(2026, 11, 24))


def test_examples_use_a_workload_that_exists():
    assert "/budget status doc-summaries" in pasteable(help_message("status", ("doc-summaries",)))


def test_no_line_sets_an_envelope_that_stands_already():
    lines = pasteable(help_message("set", ("search-answers",), "translation"))
    assert "/budget set translation 4000 owner=@ana sponsor=@sam" in lines
    assert "/budget set search-answers soft=80% channel=#ai-budget" in lines


def test_an_unknown_topic_gets_the_known_ones():
    shown = help_message("<!here>", ())
    assert shown["text"].startswith("There is no help on `&lt;!here&gt;`. It exists for status, set, forecast")
    assert not refused(shown)


@pytest.mark.parametrize("names", [(), ("search-answers",), tuple(f"w{place}" for place in range(1000))])
def test_slack_takes_every_help(names: tuple[str, ...]):
    for shown in (help_message(topic, names) for topic in (None, *GROUPS, *TOPICS)):
        assert not refused(shown)


def test_every_command_is_in_one_group_and_every_group_can_be_asked_for():
    assert sorted(command for group in GROUPS.values() for command in group.commands) == sorted(TOPICS)
    assert set(TOPICS) == set(COMMANDS) - {"help"}
    assert tuple(GROUPS) == HELP_GROUPS
    assert not set(GROUPS) & set(COMMANDS)


def test_the_list_of_all_names_each_command_and_leads_to_the_examples_of_its_group():
    shown = help_message(None, ())
    said = words(shown["blocks"])
    assert all(f"*{command}* " in said for command in TOPICS)
    assert len(shown["blocks"]) <= 12, "one screen, not a wall"
    assert [block["accessory"]["value"] for block in shown["blocks"] if "accessory" in block] == list(GROUPS)


def test_a_group_is_asked_for_by_its_name():
    assert help_message("setup", ())["text"] == "Set it up"


def test_a_refusal_carries_the_line_to_paste_exactly():
    shown = refusal_message(
        UnknownName("“serch” is no workload.", correction='/budget set search-answers 4000 degrade="a<b"')
    )
    assert pasteable(shown) == ['/budget set search-answers 4000 degrade="a<b"']
    assert not refused(shown)


def test_a_refusal_without_a_correction_is_one_sentence():
    shown = refusal_message(BudgetError("Only the owner (<@U0ANA>) can do that."))
    assert len(shown["blocks"]) == 1
    assert shown["text"] == "Only the owner (<@U0ANA>) can do that."


@pytest.mark.parametrize("typed", HOSTILE)
def test_a_refusal_repeats_hostile_words_harmlessly(typed: str):
    shown = refusal_message(
        UnknownName(f"“{typed.replace('<@U0SAM>', '')}” is nothing I know.", correction=f"/budget status {typed}")
    )
    assert not refused(shown)
    assert not any(active in interpreted(shown) for active in ("<!", "<https", "\u202e"))


def test_our_own_fault_has_a_reference_and_no_traceback():
    shown = reference_message("ab12cd")
    assert "`ab12cd`" in shown["text"]
    assert "/budget status" in words(shown["blocks"])
