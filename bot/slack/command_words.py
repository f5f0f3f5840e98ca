"""A line as Slack sends it, cut into words: mentions and links whole, `key=value` paired, any quotes and dashes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from core.errors import TooLarge, Unreadable

MAX_LINE: Final = 3_000
COMMAND: Final = "/budget"

_DASHES: Final = "-‐‑‒–—―−"
_QUOTES: Final = str.maketrans(dict.fromkeys("“”„‟«»＂", '"') | {"＝": "="})
_BLANK_LETTERS: Final = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and symbols without ink: Unicode does not call them spaces, but nobody can see them."""

_KEY: Final = re.compile(rf"[{_DASHES}]{{0,2}}([^\W\d_][\w.-]*)\s*=(\s*)")
_VALUE: Final = re.compile(r"""\"([^"]*)\"|['‘]([^'‘’]*)['’](?=\s|$)|((?:<[@#!a-z][^<>]*>|\S)+)""")
_LINK: Final = re.compile(r"<(?:(?:https?|ftp)://|mailto:|tel:)?([^<>|@#!][^<>|]*)(?:\|([^<>]*))?>")
_VISIBLE: Final = re.compile(r"\S")
_FLAG: Final = re.compile(rf"[{_DASHES}]{{1,2}}([^\W\d_][\w-]*)")
_PERSON: Final = re.compile(r"<@([UW][A-Z0-9]{2,20})(?:\|([^<>]*))?>")
_CHANNEL: Final = re.compile(r"<#([CGD][A-Z0-9]{2,20})(?:\|([^<>]*))?>")
_HANDLE: Final = re.compile(r"[\w.-]{1,80}")


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a line.

    Attributes:
      text: without quotes and link syntax; a mention stays as Slack wrote it; empty after `key=` with nothing behind.
      key: what stood before `=`, lower case; None for a word by itself.
      quoted: it stood in quotes, so it is never an option or a number in groups.
    """

    text: str
    key: str | None = None
    quoted: bool = False

    @property
    def flag(self) -> str | None:
        """`share` of `--share`, `—share` and the like, lower case; None for any other word."""
        match = None if self.quoted or self.key else _FLAG.fullmatch(self.text)
        return match[1].lower() if match else None

    @property
    def person(self) -> str | None:
        """The Slack user id, where this is a person whom Slack has resolved."""
        match = _PERSON.fullmatch(self.text)
        return match[1] if match else None

    @property
    def channel(self) -> str | None:
        match = _CHANNEL.fullmatch(self.text)
        return match[1] if match else None

    @property
    def shown(self) -> str:
        """To be named in a sentence: short, and mentions as `@name`, so that a refusal pings nobody."""
        text = as_typed(self.text)
        return f"{text[:40]}…" if len(text) > 40 else text

    def typed(self) -> str:
        """To be put into a line again."""
        needs_quotes = self.quoted or re.search(r"\s", self.text) or self.text[:1] in "\"'‘"
        if self.text and needs_quotes and not self.text.startswith("<"):
            mark = "'" if '"' in self.text else '"'
            return f"{self.key}={mark}{self.text}{mark}" if self.key else f"{mark}{self.text}{mark}"
        return f"{self.key}={self.text}" if self.key else self.text

    def renamed(self, key: str | None) -> Word:
        return replace(self, key=key)


def split(text: str) -> tuple[Word, ...]:
    """The words of a line; a leading `/budget` is dropped, for people who paste a whole line behind the command.

    Raises TooLarge, and Unreadable for invisible characters and for a quote that never ends.
    """
    line = _readable(text)
    found: list[Word] = []
    at = 0
    while (visible := _VISIBLE.search(line, at)) is not None:
        word, at = _word_at(line, visible.start())
        found.append(word)
    if found and found[0] == Word(COMMAND):
        del found[0]
    return tuple(found)


def _readable(text: str) -> str:
    if len(text) > MAX_LINE:
        raise TooLarge(
            f"That line has {len(text):,} characters; I read at most {MAX_LINE:,}.", correction=f"{COMMAND} help"
        )
    decoded = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    hidden = [character for character in decoded if _is_invisible(character)]
    if hidden:
        name = unicodedata.name(hidden[0], "a control character").lower()
        visible = "".join(character for character in decoded if character not in hidden)
        raise Unreadable(
            f"There is a character in that line that nobody can see (U+{ord(hidden[0]):04X}, {name}). "
            "I read no such characters, because two names could then look the same.",
            correction=f"{COMMAND} {' '.join(visible.split())}",
        )
    return decoded.translate(_QUOTES)


def _is_invisible(character: str) -> bool:
    if character.isspace():
        return False
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn") or character in _BLANK_LETTERS


def _word_at(line: str, start: int) -> tuple[Word, int]:
    """The word that begins there, and where it ends."""
    key = None
    if (before := _KEY.match(line, start)) is not None:
        key, start = before[1].lower(), before.end()
        # In `owner= sponsor=@sam` the owner is missing; `sponsor=@sam` is not its value.
        if start == len(line) or (before[2] and _KEY.match(line, start)):
            return Word("", key), start
    match = _VALUE.match(line, start)
    assert match is not None  # a visible character is always the start of a value
    if match[3] is None:
        return Word(match[1] if match[1] is not None else match[2], key, quoted=True), match.end()
    if match[3].startswith('"'):
        mended = f"{COMMAND} {line[:start]}{line[start:].replace(chr(34), '')}"
        raise Unreadable(
            f"The quote before “{match[3][1:41]}” never ends. Close it, or leave it out.", correction=mended
        )
    return Word(_without_link(match[3]), key), match.end()


def _without_link(text: str) -> str:
    """What the person typed where Slack made a link of it: `search.io` arrives as `<http://search.io|search.io>`."""
    match = _LINK.fullmatch(text)
    return (match[2] or match[1]) if match else text


def as_typed(text: str) -> str:
    """A line with its mentions as a person types them (`@sam`), where the name is one that Slack finds again."""

    def name(match: re.Match[str]) -> str:
        return f"{match[0][1]}{match[2]}" if match[2] and _HANDLE.fullmatch(match[2]) else match[0]

    return _CHANNEL.sub(name, _PERSON.sub(name, text))


@dataclass(frozen=True, slots=True)
class Line:
    """A command and the words behind it; makes the lines that refusals propose."""

    command: str
    words: tuple[Word, ...]

    def without(self, *dropped: Word) -> str:
        return self.rewritten(word for word in self.words if all(word is not gone for gone in dropped))

    def replacing(self, old: Word, *new: Word) -> str:
        return self.rewritten(part for word in self.words for part in (new if word is old else (word,)))

    def rewritten(self, words: Iterable[Word]) -> str:
        return " ".join([COMMAND, self.command, *(word.typed() for word in words)])
