"""Untrusted words in mrkdwn: nothing typed becomes a mention, link or command, and nothing hides."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.readable import share, shortened, visible
from bot.slack.views.mrkdwn import channel, code, escape, fitted, name, person, when, with_mentions
from tests.support.standings import HOSTILE

ACTIVE = re.compile(r"<(?!@[UW][A-Z0-9]+>|#[CG][A-Z0-9]+>)")
ANYTHING = st.text(st.characters(exclude_categories=[])) | st.sampled_from(HOSTILE)


@given(ANYTHING)
def test_escaped_text_never_holds_an_active_bracket(text: str):
    assert "<" not in escape(text)
    assert ">" not in escape(text)


@given(ANYTHING)
def test_an_ampersand_survives_only_as_one_of_the_three_escapes(text: str):
    assert re.sub(r"&(amp|lt|gt);", "", escape(text)).count("&") == 0


@given(ANYTHING)
def test_only_well_formed_mentions_stay_active(text: str):
    assert not ACTIVE.search(with_mentions(text))


@given(ANYTHING, st.integers(1, 80))
def test_a_name_is_never_longer_than_asked_once_unescaped(text: str, limit: int):
    shown = shortened(text, limit)
    assert 1 <= len(shown) <= max(limit, 1)


@given(ANYTHING)
def test_making_visible_twice_changes_nothing_more(text: str):
    assert visible(visible(text)) == visible(text)


@given(ANYTHING)
def test_what_is_shown_can_be_sent_as_utf8(text: str):
    visible(text).encode()


@given(
    st.lists(st.sampled_from(["<@U0ANA>", "&amp;", "&lt;", "word ", "<#C0SEARCH>"]), max_size=40), st.integers(1, 60)
)
def test_a_cut_never_leaves_half_a_mention_or_escape(parts: list[str], limit: int):
    cut = fitted("".join(parts), limit)
    assert len(cut) <= limit or cut == "".join(parts)
    assert not ACTIVE.search(cut)
    assert re.sub(r"&(amp|lt|gt);", "", cut).count("&") == 0


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("<!channel>", "&lt;!channel&gt;"),
        ("a & b", "a &amp; b"),
        ("pay\u202emorf", "pay\ufffdmorf"),
        ("ze\u200bro", "ze\ufffdro"),
        ("line\nbreak", "line break"),
        ("\u3164", "\ufffd"),
        ("  ", "(blank)"),
        ("👩\u200d💻", "👩\u200d💻"),
    ],
)
def test_hidden_and_active_characters_are_shown(typed: str, shown: str):
    assert escape(typed) == shown


def test_a_backtick_cannot_end_inline_code_early():
    assert code("a`b") == "`aʼb`"


def test_a_right_to_left_name_is_isolated_from_the_amount_after_it():
    assert name("مرحبا") == "\u2068مرحبا\u2069"


def test_a_long_name_shows_that_it_was_cut():
    assert name("n" * 200, 10) == "nnnnnnnnn…"


def test_spaces_around_a_mention_stay():
    assert with_mentions("Ask <@U0ANA> or <@U0SAM>.") == "Ask <@U0ANA> or <@U0SAM>."


@pytest.mark.parametrize(
    "typed", ["<@ana>", "<@U0ANA|ana>", "<!here>", "<#general>", "<@U0ANA", "<https://x.example|x>"]
)
def test_a_malformed_mention_is_words(typed: str):
    assert "<" not in with_mentions(f"Ask {typed} now")


def test_a_person_is_mentioned_by_id_and_only_by_id():
    assert person("U0ANA") == "<@U0ANA>"
    assert person("importer <x>") == "importer &lt;x&gt;"
    assert person(None) == "nobody"


def test_a_channel_is_linked_by_id_and_only_by_id():
    assert channel("C0SEARCH") == "<#C0SEARCH>"
    assert channel("#general") == "#general"
    assert channel(None) == "no channel"


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Europe/Madrid", "24 Nov 2026, 13:05 CET"),
        ("Asia/Tokyo", "24 Nov 2026, 21:05 JST"),
        ("Asia/Singapore", "24 Nov 2026, 20:05 UTC+08"),
        ("America/New_York", "24 Nov 2026, 07:05 EST"),
    ],
)
def test_a_time_is_shown_in_the_readers_zone_which_is_named(zone: str, shown: str):
    assert when(datetime(2026, 11, 24, 12, 5, tzinfo=UTC), ZoneInfo(zone)) == shown


@pytest.mark.parametrize(
    ("part", "shown"),
    [
        (0, "0%"),
        (0.004, "under 1%"),
        (0.834, "83%"),
        (0.994, "99.4%"),
        (0.9996, "99.9%"),
        (1, "100%"),
        (1.4, "140%"),
        (12, "over 10×"),
    ],
)
def test_a_share_is_never_rounded_to_a_limit_it_has_not_reached(part: float, shown: str):
    assert share(part) == shown
