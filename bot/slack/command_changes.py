"""Changes as people type them: `volume=+20%`, `cache=+20pt`, `input=-10%`, `output=1.2x`, `move=A->B:30%`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Final

from bot.slack.command_days import day_from
from bot.slack.command_words import Line, Word
from core.errors import BudgetError, OutOfRange, UnknownName, Unreadable
from core.scenario import CacheChange, Change, InputChange, ModelMove, OutputChange, VolumeChange
from core.spelling import nearest

CHANGES: Final = ("volume", "cache", "input", "output", "move")
EXAMPLE: Final = {
    "volume": "+20%", "cache": "+20pt", "input": "-10%", "output": "-10%", "move": "gpt-4.1->gpt-4.1-mini:30%",
}  # fmt: skip
MOST: Final = 12

_ALIASES: Final = {
    "requests": "volume", "traffic": "volume", "calls": "volume", "caching": "cache", "cached": "cache",
    "prompt": "input", "context": "input", "completion": "output", "answer": "output", "switch": "move", "model": "move",
}  # fmt: skip
_WORDS: Final = {"double": 2.0, "twice": 2.0, "triple": 3.0, "half": 0.5, "halve": 0.5, "off": 0.0, "none": 0.0}
_NUMBER: Final = r"(\d{1,7}(?:[.,]\d{1,6})?|[.,]\d{1,6})"
_PERCENT: Final = re.compile(rf"([+-]?)\s*{_NUMBER}\s*(?:%|percent)", re.IGNORECASE)
_TIMES: Final = re.compile(rf"(?:{_NUMBER}\s*[x×*]|[x×*]\s*{_NUMBER})", re.IGNORECASE)
_POINTS: Final = re.compile(rf"([+-]?)\s*{_NUMBER}\s*(?:pts?|pp|ppt|points?|%-?pts?|%-?points?)", re.IGNORECASE)
_BARE: Final = re.compile(rf"([+-]?)\s*{_NUMBER}\s*%?", re.IGNORECASE)
_ARROW: Final = re.compile(r"\s*(?:[-=–—−]+\s*>|→|⇒|➜|➔|\bto\b)\s*", re.IGNORECASE)
_SHARE: Final = re.compile(rf"(?:\s*[:@]\s*|\s+(?:by\s+)?){_NUMBER}\s*(%|percent)?\s*$", re.IGNORECASE)
_MINUS: Final = str.maketrans(dict.fromkeys("‐‑‒–—−", "-") | {"＋": "+", "％": "%"})
_UNIT: Final = re.compile(r"%|percent|pts?|pp|ppt|%?-?points?|x|times", re.IGNORECASE)
_VALUE: Final = re.compile(r"[+\-‐‑‒–—−\d×x*.]|double|twice|triple|half", re.IGNORECASE)
_MODEL: Final = re.compile(r"[\w./:@+-]+(?: \([\w -]+\))?")


def is_change(word: Word) -> bool:
    return word.key is not None and _named(word.key) in CHANGES


def _named(key: str) -> str:
    key = key.strip().lower()
    return _ALIASES.get(key, key)


def paired(words: tuple[Word, ...], today: date) -> tuple[Word, ...]:
    """`volume +20%` becomes `volume=+20%`; loose words behind `move=A` and `from=1` join them."""
    found: list[Word] = []
    for place, word in enumerate(words):
        if word.key is not None or word.quoted:
            found.append(word)
            continue
        if found and _belongs_to(found[-1], word, today):
            found[-1] = Word(f"{found[-1].text} {word.text}".strip(), found[-1].key)
            continue
        after = words[place + 1] if place + 1 < len(words) else None
        name = _named(word.text)
        has_value = after is not None and after.key is None and (name == "move" or _VALUE.match(after.text))
        found.append(Word("", word.text.lower()) if place and name in CHANGES and has_value else word)
    return tuple(found)


def _belongs_to(last: Word, word: Word, today: date) -> bool:
    """Whether a loose word goes on what the word before it began."""
    if last.key is None or last.quoted:
        return False
    if last.key in ("from", "since"):
        return day_from(last.text, today) is None and day_from(f"{last.text} {word.text}", today) is not None
    name = _named(last.key)
    return name == "move" or (name in CHANGES and (not last.text or _UNIT.fullmatch(word.text) is not None))


def read_changes(line: Line, words: tuple[Word, ...]) -> tuple[Change, ...]:
    """The changes in these words, in their order. Raises BudgetError with a corrected line."""
    if len(words) > MOST:
        raise OutOfRange(
            f"That are {len(words)} changes at once; I try up to {MOST}.",
            correction=line.without(*words[MOST:]),
        )
    seen: dict[str, Word] = {}
    found: list[Change] = []
    for word in words:
        name = _named(word.key or "")
        if name != "move" and name in seen:
            raise Unreadable(f"{name} is given twice. Keep one of them.", correction=line.without(word))
        seen[name] = word
        found.append(_change(line, word, name))
    return tuple(found)


def unknown_option(line: Line, word: Word, known: tuple[str, ...]) -> BudgetError:
    """A refusal for a key that is no change and no option of this command."""
    key = word.key or ""
    close = nearest(key, (*CHANGES, *known))
    hint = f"Did you mean {close}=?" if close else f"I know {', '.join(f'{name}=' for name in (*CHANGES, *known))}."
    fixed = line.replacing(word, word.renamed(close)) if close else line.without(word)
    return UnknownName(f"“{key[:40]}” is nothing that I can change. {hint}", correction=fixed)


def _change(line: Line, word: Word, name: str) -> Change:
    text = word.text.translate(_MINUS).strip() if name != "move" else word.text.strip()
    if not text:
        raise Unreadable(
            f"There is nothing behind {word.key}=. Write it like {name}={EXAMPLE[name]}.",
            correction=line.replacing(word, Word(EXAMPLE[name], name)),
        )
    read: dict[str, Callable[[], Change]] = {
        "volume": lambda: VolumeChange(_factor(line, word, text)),
        "input": lambda: InputChange(_factor(line, word, text)),
        "output": lambda: OutputChange(_factor(line, word, text)),
        "cache": lambda: CacheChange(_points(line, word, text)),
        "move": lambda: _move(line, word, text),
    }
    try:
        return read[name]()
    except OutOfRange as refusal:
        refusal.correction = refusal.correction or line.replacing(word, Word(EXAMPLE[name], name))
        raise


def _factor(line: Line, word: Word, text: str) -> float:
    """What everything is multiplied by: `+20%` and `20%` are 1.2, `-10%` is 0.9, `1.2x` is 1.2, `double` is 2."""
    if (plain := _WORDS.get(text.lower())) is not None:
        return plain
    if match := _PERCENT.fullmatch(text):
        change = _number(match[2]) / 100 * (-1 if match[1] == "-" else 1)
        if change < -1:
            raise OutOfRange(
                f"{word.key}={word.shown} would leave less than nothing; -100% is the lowest.",
                correction=line.replacing(word, Word("-50%", word.key)),
            )
        return 1 + change
    if match := _TIMES.fullmatch(text):
        return _number(match[1] or match[2])
    if match := _POINTS.fullmatch(text):
        raise Unreadable(
            f"{word.key} changes by percent, not by points.",
            correction=line.replacing(word, Word(f"{match[1] or '+'}{match[2]}%", word.key)),
        )
    if match := _BARE.fullmatch(text):
        sign, digits = match[1] or "+", match[2]
        raise Unreadable(
            f"“{word.shown}” could be percent or times. Write {word.key}={sign}{digits}%, or {word.key}={digits}x.",
            correction=line.replacing(word, Word(f"{sign}{digits}%", word.key)),
        )
    raise Unreadable(
        f"“{word.shown}” is not a change I can read. Write it like {word.key}=+20%, {word.key}=-10% or {word.key}=1.5x.",
        correction=line.replacing(word, Word(EXAMPLE.get(_named(word.key or ""), "+20%"), word.key)),
    )


def _points(line: Line, word: Word, text: str) -> float:
    """Points of the whole input, as a share: `+20pt` is 0.2."""
    if match := _POINTS.fullmatch(text):
        points = _number(match[2]) / 100 * (-1 if match[1] == "-" else 1)
        if abs(points) > 1:
            raise OutOfRange(
                f"{word.key}={word.shown} is more than all input; points go from -100pt to +100pt.",
                correction=line.replacing(word, Word(f"{match[1] or '+'}20pt", word.key)),
            )
        return points
    match = _BARE.fullmatch(text)
    proposed = f"{match[1] or '+'}{match[2]}pt" if match else EXAMPLE["cache"]
    raise Unreadable(
        f"“{word.shown}” is not a number of points. The share of input that is read from cache goes up by points: "
        "from 30% to 50% is +20pt.",
        correction=line.replacing(word, Word(proposed, word.key)),
    )


def _move(line: Line, word: Word, text: str) -> ModelMove:
    """`A->B:30%`: a share of A's requests goes to B; all of them where no share is given."""
    parts = _ARROW.split(text)
    if len(parts) != 2 or not all(part.strip() for part in parts):
        models = re.split(r"[\s,;>|/]+", text.strip(" ->→")) if len(parts) != 2 else []
        guess = f"{models[0]}->{models[1]}" if len(models) == 2 else EXAMPLE["move"]
        raise Unreadable(
            f"“{word.shown}” does not say from which model to which. Write move=FROM->TO:30%.",
            correction=line.replacing(word, Word(guess, word.key)),
        )
    source, rest = parts[0].strip(), parts[1].strip()
    target, share = _share_of(rest)
    for model in (source, target):
        if not _MODEL.fullmatch(model) or len(model) > 200:
            raise Unreadable(
                f"“{model[:40]}” is not the name of a model: letters, digits and . / : - without spaces.",
                correction=line.replacing(word, Word(EXAMPLE["move"], word.key)),
            )
    if source == target:
        raise Unreadable(
            f"{source[:60]} cannot move to itself. Name another model behind the arrow.",
            correction=line.replacing(word, Word(EXAMPLE["move"], word.key)),
        )
    if share > 1:
        raise OutOfRange(
            f"No more than 100% of {source[:60]} can move.",
            correction=line.replacing(word, Word(f"{source}->{target}", word.key)),
        )
    return ModelMove(source, target, share)


def _share_of(text: str) -> tuple[str, float]:
    """(model, share). A number without % counts only from 2 up or with decimals: names of models end in `:0` and `-2`."""
    match = _SHARE.search(text)
    if match is None or not text[: match.start()].strip():
        return text, 1.0
    value = _number(match[1])
    if match[2]:
        return text[: match.start()].strip(), value / 100
    if value >= 2:
        return text[: match.start()].strip(), value / 100
    if re.search(r"[.,]", match[1]) and 0 < value < 1:
        return text[: match.start()].strip(), value
    return text, 1.0


def _number(digits: str) -> float:
    return float(digits.replace(",", "."))


def typed_change(change: Change) -> str:
    """The change as it can be typed again; prices have no short form and are described."""
    match change:
        case VolumeChange(factor):
            return f"volume={_percent(factor)}"
        case InputChange(factor):
            return f"input={_percent(factor)}"
        case OutputChange(factor):
            return f"output={_percent(factor)}"
        case CacheChange(points):
            return f"cache={round(points * 100, 4):+g}pt"
        case ModelMove(source, target, share):
            quote = '"' if " " in source + target else ""
            return f"move={quote}{source}->{target}:{round(share * 100, 4):g}%{quote}"
        case _:
            return change.describe()


def _percent(factor: float) -> str:
    return f"{(factor - 1) * 100:+.10g}%"
