"""The audit chain: any edit, removal, insertion or swap is found, at the first entry it touches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.audit import GENESIS, digest, first_break

Link = tuple[int, str, dict[str, Any]]
ENTRY = st.fixed_dictionaries({
    "at": st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    "actor": st.text(max_size=8), "act": st.text(max_size=8), "subject": st.text(max_size=8),
    "detail": st.dictionaries(st.text(max_size=4), st.one_of(st.integers(), st.text(max_size=4), st.none(), st.booleans()), max_size=3),
})  # fmt: skip
CHAINS = st.lists(ENTRY, min_size=1, max_size=8)


def chained(entries: list[dict[str, Any]]) -> list[Link]:
    links: list[Link] = []
    for number, entry in enumerate(entries, start=1):
        links.append((number, digest(links[-1][1] if links else GENESIS, **entry), entry))
    return links


@given(CHAINS)
def test_an_untouched_chain_is_whole(entries: list[dict[str, Any]]) -> None:
    assert first_break(chained(entries)) is None


@given(CHAINS, st.data())
def test_an_edited_entry_is_found(entries: list[dict[str, Any]], data: st.DataObject) -> None:
    links = chained(entries)
    place = data.draw(st.integers(0, len(links) - 1))
    name, value = data.draw(st.sampled_from([
        ("actor", links[place][2]["actor"] + "x"), ("act", links[place][2]["act"] + "x"),
        ("subject", links[place][2]["subject"] + "x"), ("detail", {**links[place][2]["detail"], "new": 1}),
        ("at", links[place][2]["at"] + timedelta(microseconds=1)),
    ]))  # fmt: skip
    links[place] = (*links[place][:2], {**links[place][2], name: value})

    assert first_break(links) == place + 1


@given(CHAINS, st.data())
def test_a_removed_entry_is_found_unless_it_was_the_last(entries: list[dict[str, Any]], data: st.DataObject) -> None:
    links = chained([*entries, *entries[:1]])
    place = data.draw(st.integers(0, len(links) - 2))

    assert first_break(links[:place] + links[place + 1 :]) == place + 1


@given(CHAINS, st.data())
def test_a_removed_entry_with_the_numbers_closed_up_is_found(
    entries: list[dict[str, Any]], data: st.DataObject
) -> None:
    links = chained([*entries, *entries[:1]])
    place = data.draw(st.integers(0, len(links) - 2))
    kept = links[:place] + links[place + 1 :]

    assert first_break([(number, link[1], link[2]) for number, link in enumerate(kept, start=1)]) == place + 1


@given(CHAINS, st.data())
def test_swapped_entries_are_found(entries: list[dict[str, Any]], data: st.DataObject) -> None:
    links = chained([*entries, *entries[:1]])
    place = data.draw(st.integers(0, len(links) - 2))
    links[place], links[place + 1] = links[place + 1], links[place]

    assert first_break(links) == place + 1


def test_one_instant_in_two_zones_has_one_digest() -> None:
    entry = {"actor": "U0ANA", "act": "set", "subject": "search", "detail": {"b": 1, "a": 2}}
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC)

    assert digest(GENESIS, at=noon, **entry) == digest(  # type: ignore[arg-type]
        GENESIS,
        at=noon.astimezone(timezone(timedelta(hours=5, minutes=30))),
        **{**entry, "detail": {"a": 2, "b": 1}},  # type: ignore[arg-type]
    )


def test_fields_cannot_be_shifted_into_each_other() -> None:
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC)

    one = digest(GENESIS, at=noon, actor="ab", act="c", subject="d", detail={})
    other = digest(GENESIS, at=noon, actor="a", act="bc", subject="d", detail={})

    assert one != other
