"""`/budget set …` in one line: a workload, an amount and `option=value` in any order, as forgiving as money allows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from bot.slack.command_forms import Set
from bot.slack.command_names import workload_from
from bot.slack.command_words import COMMAND, Line, Word
from core.change_request import SetOrder
from core.degradation import Degradation
from core.errors import BudgetError, OutOfRange, UnknownName, Unreadable
from core.money import parse_amount, parse_share
from core.quiet import parse_quiet
from core.spelling import nearest

PEOPLE: Final = ("owner", "finance", "sponsor", "deputy")
SHARES: Final = {"soft": "soft_share", "hard": "hard_share", "margin": "margin", "holdback": "holdback"}
OPTIONS: Final = ("workload", "amount", *PEOPLE, "channel", *SHARES, "degrade", "quiet")
_ALIASES: Final = {"name": "workload", "size": "amount", "budget": "amount", "envelope": "amount", "usd": "amount"}
_FILLERS: Final = frozenset({"to", "at", "a", "per", "month", "monthly", "/month"})
_MAX_AMOUNT: Final = 40
"""Longer ones are no amounts, and are not given to a pattern that backtracks."""

_OPEN_NUMBER: Final = re.compile(r"[-+]?(?:\$|us\$|usd)?(?:\d{1,3}(?: \d{3})*)?", re.IGNORECASE)
_GROUP: Final = re.compile(r"\d{3}(?:[.,]\d{1,2})?(?:[km]|\$|usd)?", re.IGNORECASE)
_UNIT: Final = re.compile(r"[km%$]|usd|dollars?|percent", re.IGNORECASE)
_NUMBER_START: Final = re.compile(r"[-+]?(?:\$|us\$|usd|[€£¥₹])?\s*\d", re.IGNORECASE)


def read_set(line: Line) -> Set:
    """The order in the words behind `set`; without words, none. Raises BudgetError with a corrected line."""
    if not line.words:
        return Set()
    named = _by_option(Line(line.command, _paired(_joined(line.words))))
    if "workload" not in named:
        raise Unreadable(
            f"I read {_listed(named)}, but no workload. Put its name first, like set search-answers 4000.",
            correction=f"{COMMAND} set",
        )
    fields: dict[str, object] = {}
    given = Line(line.command, tuple(named.values()))
    for option, word in named.items():
        if not word.text:
            raise Unreadable(
                f"There is nothing behind {option}=. Write {_EXAMPLES[option]}, or leave it out.",
                correction=given.without(word),
            )
        fields[_FIELDS[option]] = _READERS[option](given, word)
    return Set(SetOrder(**fields))  # type: ignore[arg-type]  # each reader returns what its field holds


def _joined(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """Words that only spaces tore apart: `4 000`, `$ 4k`, `80 %`, `4000 USD`."""
    found: list[Word] = []
    for word in words:
        last = found[-1] if found else None
        torn = last is not None and not (word.key or word.quoted or last.quoted) and _belong(last, word.text)
        # The first word is the workload's name, however much it looks like a number.
        if torn and last is not None and (last.key or len(found) > 1):
            gap = " " if word.text[0].isdigit() and last.text[-1].isdigit() else ""
            found[-1] = Word(f"{last.text}{gap}{word.text}", last.key)
        else:
            found.append(word)
    return tuple(found)


def _belong(last: Word, after: str) -> bool:
    before = last.text
    if _UNIT.fullmatch(after):
        return before[-1:].isdigit()
    if last.key and _ALIASES.get(last.key, last.key) != "amount":
        return False
    if before.lower() in ("$", "us$", "usd"):
        return after[:1].isdigit()
    return bool(before and _GROUP.fullmatch(after) and _OPEN_NUMBER.fullmatch(before))


def _paired(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """Options written without `=`: `sponsor @sam` is `sponsor=@sam`, once the workload has been named."""
    found: list[Word] = []
    waiting: Word | None = None
    for at, word in enumerate(words):
        follows = at + 1 < len(words) and words[at + 1].key is None
        if waiting is not None:
            found.append(word.renamed(waiting.text.lower()))
            waiting = None
        elif at and word.key is None and not word.quoted and word.text.lower() in (*OPTIONS, *_ALIASES) and follows:
            waiting = word
        else:
            found.append(word)
    return tuple(found)


def _by_option(line: Line) -> dict[str, Word]:
    """Every word under the option that it fills, each option once."""
    named: dict[str, Word] = {}
    for word in line.words:
        if word.key is None and word.text.lower() in _FILLERS and "workload" in named:
            continue
        option = _option_of(line, word) if word.key else _place_of(line, word, named)
        value = Word(f"throttle={word.text}", None) if word.key == "throttle" else word
        if option in named:
            raise Unreadable(
                f"{option} is given twice: “{named[option].shown}” and “{word.shown}”. Keep one of them.",
                correction=line.without(word),
            )
        named[option] = value.renamed(option if word.key or option not in ("workload", "amount") else None)
    return named


def _option_of(line: Line, word: Word) -> str:
    key = word.key or ""
    if key == "throttle":
        return "degrade"
    if (option := _ALIASES.get(key, key)) in OPTIONS:
        return option
    close = nearest(key, OPTIONS)
    if close is None and _NUMBER_START.match(word.text):
        close = "amount"
    hint = f"Did you mean {close}=?" if close else f"set knows {', '.join(f'{name}=' for name in OPTIONS[2:])}."
    fixed = line.replacing(word, word.renamed(close)) if close else line.without(word)
    raise UnknownName(f"“{key[:40]}” is not an option of set. {hint}", correction=fixed)


def _place_of(line: Line, word: Word, named: dict[str, Word]) -> str:
    """What a word without `=` fills: the first the workload, a number the amount, a channel its option."""
    if word.channel:
        return "channel"
    if word.person or (word.text.startswith("@") and len(word.text) > 1):
        role = next((role for role in ("sponsor", "owner", "finance") if role not in named), "deputy")
        fixed = line.replacing(word, word.renamed(role))
        raise Unreadable(f"I read {word.shown}, but not in which role. Write {role}={word.shown}.", correction=fixed)
    money = bool(_NUMBER_START.match(word.text)) and not word.quoted
    if "workload" not in named:
        return "amount" if money and _comes_first(line, word) else "workload"
    if money and word.text.rstrip().endswith("%"):
        raise Unreadable(
            f"I read {word.shown}, but not for which threshold. Write soft={word.shown}.",
            correction=line.replacing(word, word.renamed("soft")),
        )
    if "amount" not in named:
        if not money and (joined := _name_in_two_words(line, word, named)):
            name = named["workload"].text
            raise Unreadable(
                f"I read “{name[:40]}” as the workload and “{word.shown}” as the amount. A name is one word.",
                correction=joined,
            )
        return "amount"
    raise Unreadable(
        f"I do not know what “{word.shown}” belongs to. Options are written like sponsor=@name.",
        correction=line.without(word),
    )


def _comes_first(line: Line, number: Word) -> bool:
    """Whether a leading number is the amount: the name stands elsewhere, or nowhere; `2024 4000` is a name first."""
    others = [word for word in line.words if word is not number and word.text.lower() not in _FILLERS]
    loose = [word for word in others if word.key is None and not word.channel]
    named = any(_ALIASES.get(word.key or "", word.key) == "workload" for word in others)
    return named or not loose or any(not _NUMBER_START.match(word.text) for word in loose)


def _name_in_two_words(line: Line, word: Word, named: dict[str, Word]) -> str | None:
    """The line with the name hyphenated, where the amount comes later."""
    later = [other for other in line.words if other.key in (None, "amount") and _NUMBER_START.match(other.text)]
    if not later or named["workload"].key:
        return None
    return line.rewritten(
        Word(f"{other.text}-{word.text}") if other.text == named["workload"].text and other.key is None else other
        for other in line.words
        if other is not word
    )


def _workload(line: Line, word: Word) -> str:
    return workload_from(word, lambda name: line.replacing(word, Word(name, word.key)), otherwise=f"{COMMAND} set")


def _amount(line: Line, word: Word) -> int:
    try:
        if len(word.text) > _MAX_AMOUNT:
            raise Unreadable(f"“{word.shown}” is not an amount I can read. Write it like 4000, $4k or 4,000.50 USD.")
        return parse_amount(word.text)
    except BudgetError as refusal:
        # Only a sign or a separator is mended: a guess at another currency or at “+500” could cost somebody money.
        digits = re.fullmatch(r"[-$\s]*(\d{1,10})(?:[.,]\d*)*\s*", word.text)
        refusal.correction = (
            line.replacing(word, Word(digits[1], word.key)) if digits and int(digits[1]) else _modal_for(line)
        )
        raise


def _modal_for(line: Line) -> str:
    """The line that opens the form for the same workload, where every value can be picked."""
    name = next((word.text for word in line.words if word.key in (None, "workload") and not word.channel), "")
    return f"{COMMAND} set {name}".strip()


def _person(line: Line, word: Word) -> str:
    if word.person:
        return word.person
    if word.text.startswith(("<!subteam", "<!")):
        raise Unreadable(
            f"{word.key}= takes one person, not a group. Name somebody who answers for it.", correction=_modal_for(line)
        )
    name = word.shown.lstrip("@") or "name"
    raise Unreadable(
        f"Slack did not tell me who “{word.shown}” is. Write {word.key}=@{name} and pick the person from Slack's list, "
        "or choose them in the form that the line below opens.",
        correction=_modal_for(line),
    )


def _channel(line: Line, word: Word) -> str:
    if word.channel:
        return word.channel
    name = word.shown.lstrip("#") or "name"
    raise Unreadable(
        f"Slack did not tell me which channel “{word.shown}” is. Write channel=#{name} and pick "
        "it from Slack's list, or choose it in the form that the line below opens.",
        correction=_modal_for(line),
    )


def _share(line: Line, word: Word) -> float:
    try:
        return parse_share(word.text)
    except BudgetError as refusal:
        digits = re.search(r"\d{1,3}(?:[.,]\d{1,2})?", word.text)
        refusal.message = f"{word.key}: {refusal.message}"
        refusal.correction = line.replacing(word, Word(f"{digits[0]}%", word.key)) if digits else line.without(word)
        raise


def _degrade(line: Line, word: Word) -> str:
    try:
        return str(Degradation.parse(word.text))
    except BudgetError as refusal:
        number = re.search(r"\d{1,7}", word.text)
        per_minute = min(max(int(number[0]), 1), 1_000_000) if number else 60
        fixed = f"throttle={per_minute}/min" if isinstance(refusal, OutOfRange) else "-".join(word.text.split())
        refusal.correction = line.replacing(word, Word(fixed, word.key))
        raise


def _quiet(line: Line, word: Word) -> str:
    try:
        parse_quiet(word.text)
    except BudgetError as refusal:
        refusal.correction = line.replacing(word, Word("22-7", word.key))
        raise
    return word.text


def _listed(named: dict[str, Word]) -> str:
    return " and ".join(f"{option} {word.shown}" for option, word in list(named.items())[:3])


_READERS: Final[Mapping[str, Callable[[Line, Word], object]]] = (
    {"workload": _workload, "amount": _amount, "channel": _channel, "degrade": _degrade, "quiet": _quiet}
    | dict.fromkeys(PEOPLE, _person)
    | dict.fromkeys(SHARES, _share)
)
_FIELDS: Final = {option: option for option in OPTIONS} | SHARES | {"amount": "nanos"}
_EXAMPLES: Final = (
    {
        "workload": "the workload's name",
        "amount": "an amount like 4000",
        "channel": "channel=#name",
        "degrade": "degrade=stop or a model's name",
        "quiet": "quiet=22-7",
    }
    | {role: f"{role}=@name" for role in PEOPLE}
    | {"soft": "soft=80%", "hard": "hard=100%", "margin": "margin=20%", "holdback": "holdback=5%"}
)
