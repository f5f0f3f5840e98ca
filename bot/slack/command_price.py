"""`/budget price …`: a model, and prices per million tokens by token class with the day from which they hold."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

from bot.slack.command_forms import Price
from bot.slack.command_words import COMMAND, Line, Word
from core.errors import OutOfRange, UnknownName, Unreadable
from core.spelling import nearest
from core.usage import CLASS_NAMES

CLASSES: Final = ("input", *CLASS_NAMES)
_OPTIONS: Final = (*CLASSES, "from", "provider", "tier", "model")
_EARLIEST: Final = date(2020, 1, 1)
_AHEAD: Final = timedelta(days=366)
_PRICE: Final = re.compile(r"\$?(\d{1,7}(?:\.\d{1,12})?)(?:\s*(?:usd|\$))?", re.IGNORECASE)
_IDENTIFIER: Final = re.compile(r"[\w./:@+-]{1,200}")


def read_price(line: Line, *, today: date) -> Price:
    """The price in the words behind `price`. Raises BudgetError with a corrected line."""
    named: dict[str, Word] = {}
    for word in line.words:
        option = _option_of(line, word, named)
        if option in named:
            raise Unreadable(f"{option} is given twice. Keep one of them.", correction=line.without(word))
        if not word.text:
            raise Unreadable(f"There is nothing behind {option}=.", correction=line.without(word))
        named[option] = word
    prices = {option: _dollars(line, word) for option, word in named.items() if option in CLASSES}
    if "input" in prices and "input_uncached" in prices:
        raise Unreadable(
            "input and input_uncached are the same class. Keep one.", correction=line.without(named["input_uncached"])
        )
    if prices and "model" not in named:
        raise Unreadable(
            "I read a price, but no model. Put its name first, like price gpt-4.1 input=1.25.",
            correction=f"{COMMAND} help price",
        )
    from_on = _day(line, named["from"], today) if "from" in named else None
    if from_on and not prices:
        raise Unreadable(
            "from= says when a new price begins, but there is no price. Leave it out to see the one in force.",
            correction=line.without(named["from"]),
        )
    model, provider, tier = (
        _identifier(line, named[option]) if option in named else None for option in ("model", "provider", "tier")
    )
    return Price(model, provider.lower() if provider else None, prices, from_on, (tier or "standard").lower())


def _option_of(line: Line, word: Word, named: dict[str, Word]) -> str:
    if word.key is None:
        if "model" not in named:
            return "model"
        if _PRICE.fullmatch(word.text):
            raise Unreadable(
                f"I read the price {word.shown}, but not of what. Write input={word.shown} or output={word.shown}.",
                correction=line.replacing(word, word.renamed("input" if "input" not in named else "output")),
            )
        raise Unreadable(
            f"I do not know what “{word.shown}” belongs to. Write classes like input=1.25.",
            correction=line.without(word),
        )
    option = word.key.replace("-", "_")
    if option in _OPTIONS:
        return option
    close = nearest(option, _OPTIONS)
    hint = f"Did you mean {close}=?" if close else f"Classes are {', '.join(CLASSES)}."
    fixed = line.replacing(word, word.renamed(close)) if close else line.without(word)
    raise UnknownName(f"“{word.key[:40]}” is neither a token class nor an option of price. {hint}", correction=fixed)


def _dollars(line: Line, word: Word) -> str:
    """The dollars per million as plain digits; a bound keeps absurd exponents away from `Decimal`."""
    if match := _PRICE.fullmatch(word.text):
        return match[1]
    comma = re.fullmatch(r"\$?(\d{1,7}),(\d{1,4})", word.text)
    digits = f"{comma[1]}.{comma[2]}" if comma else None
    fixed = line.replacing(word, Word(digits, word.key)) if digits else line.without(word)
    raise Unreadable(
        f"“{word.shown}” is not a price I can read. Give dollars per million tokens, like {word.key}=1.25.",
        correction=fixed,
    )


def _day(line: Line, word: Word, today: date) -> date:
    text = word.text.strip().lower().replace("/", "-")
    match = re.fullmatch(r"([0-9]{4})-([0-9]{1,2})(?:-([0-9]{1,2}))?", text)
    try:
        day = {"today": today, "now": today, "tomorrow": today + timedelta(days=1)}.get(text) or (
            date(int(match[1]), int(match[2]), int(match[3] or 1)) if match else None
        )
    except ValueError:
        day = None
    fixed = line.replacing(word, Word(today.isoformat(), word.key))
    if day is None:
        raise Unreadable(
            f"“{word.shown}” is not a day I can read. Write it like from={today.isoformat()}.", correction=fixed
        )
    if not _EARLIEST <= day <= today + _AHEAD:
        raise OutOfRange(
            f"{day.isoformat()} is too far away: a price begins between 2020 and a year from now.", correction=fixed
        )
    return day


def _identifier(line: Line, word: Word) -> str:
    limit = 40 if word.key == "tier" else 200
    if _IDENTIFIER.fullmatch(word.text) and len(word.text) <= limit:
        return word.text
    what = word.key or "model"
    tame = re.sub(r"[^\w./:@+-]+", "-", word.text).strip("-./:@+")[:limit].strip("-./:@+")
    fixed = line.replacing(word, Word(tame, word.key)) if tame else line.without(word)
    raise Unreadable(
        f"“{word.shown}” is not the name of a {what}: letters, digits and . / : - without spaces, at most {limit}.",
        correction=fixed,
    )
