"""What holds for any line behind `/budget`: it is read or refused with a line that works, and soon."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.thorough import cases
from tests.support.typed_lines import must_be_read_or_refused, refusal_of


@pytest.mark.parametrize(
    "long",
    [
        lambda size: 'set search "1' + " " * size + 'x"',
        lambda size: "set search " + "<" * size,
        lambda size: "set search " + "a=" * (size // 2),
        lambda size: "set " + "1 000 " * (size // 6),
        lambda size: "workload add x " + " ".join(f"tag.t{n}=v" for n in range(size // 12)),
        lambda size: "- " * (size // 2),
    ],
    ids=["spaces", "brackets", "equals", "amounts", "tags", "dashes"],
)
def test_a_line_four_times_as_long_takes_nowhere_near_the_square_of_it(long: Callable[[int], str]):
    assert quickest(long(2_900)) < 10 * quickest(long(725))


def quickest(text: str) -> float:
    """Processor seconds of refusing the text, the best of three."""
    times = []
    for _ in range(3):
        started = time.process_time()
        refusal_of(text)
        times.append(time.process_time() - started)
    return min(times)


WORDS = st.sampled_from(
    [
        "set",
        "status",
        "spend",
        "by",
        "workload",
        "add",
        "rules",
        "list",
        "audit",
        "price",
        "help",
        "sett",
        "search-answers",
        "Search",
        "4000",
        "$4k",
        "4",
        "000",
        "80%",
        "-",
        "—",
        "=\n",
        "",
        "",
        "",
        "--share",
        "—share",
        "sponsor=",
        "owner=<@U0ANA|ana>",
        "sponsor=<@U0SAM>",
        "sponsor=@sam",
        "<@U0SAM|sam>",
        "<#C0SEARCH|search-eng>",
        "#x\n",
        "",
        "",
        "",
        "soft=80",
        "hard=",
        "hard=300",
        "margin=nope",
        "degrade=throttle=0",
        "throttle=60",
        "degrade=stop",
        "feature=x",
        "team=“a",
        "“b",
        "c”",
        "env=prod",
        "tag.x=1\n",
        "",
        "",
        "",
        "region=eu",
        "input=1.25",
        "output=1,2",
        "from=2026-12-01",
        "from=never",
        "provider=openai",
        "tier=batch",
        "oct",
        "2026-10",
        "2027-05",
        "last",
        "month\n",
        "",
        "",
        "",
        "<!channel>",
        "&lt;!here&gt;",
        "&amp;",
        "<",
        ">",
        '"',
        "'",
        "‘a",
        "b’",
        "/budget",
        "amount=4",
        "000",
        "workload=x",
        "tags",
        "explain",
        "remove",
        "sources",
        "unattributed",
        "prod=production",
        "to",
        "feature=",
        "🚀",
        "\u200b",
        "١٢",
    ]
)


@given(st.text(max_size=200))
@settings(max_examples=cases(400), deadline=None)
def test_any_text_is_read_or_refused(text: str):
    must_be_read_or_refused(text)


@given(st.lists(WORDS, max_size=12).map(" ".join))
@settings(max_examples=cases(1_500), deadline=None)
def test_any_soup_of_words_is_read_or_refused_with_a_line_that_works(text: str):
    must_be_read_or_refused(text)


@given(st.lists(WORDS, max_size=8), st.text(max_size=12), st.integers(0, 8))
@settings(max_examples=cases(500), deadline=None)
def test_garbage_between_words_is_read_or_refused(words: list[str], garbage: str, at: int):
    must_be_read_or_refused(" ".join([*words[:at], garbage, *words[at:]]))
