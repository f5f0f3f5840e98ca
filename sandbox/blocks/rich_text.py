"""The rich text block: sections, lists, quotes and preformatted text, and the inline elements in them."""

from __future__ import annotations

from sandbox.blocks.composition import DOCS, URL
from sandbox.blocks.rules import Bool, ListOf, Need, Num, OneOf, Rule, Shape, Str, Typed

DOC = f"{DOCS}/blocks/rich-text-block"

STYLE = Shape(
    DOC,
    {
        name: Bool()
        for name in ("bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink")
    },
)
STYLED: dict[str, Rule] = {"style": STYLE}

INLINE: dict[str, Rule] = {
    "text": Shape(DOC, STYLED | {"text": Need(Str())}),
    "link": Shape(DOC, STYLED | {"url": Need(URL), "text": Str(), "unsafe": Bool()}),
    "emoji": Shape(DOC, STYLED | {"name": Need(Str()), "unicode": Str(), "skin_tone": Num(1, 6)}),
    "user": Shape(DOC, STYLED | {"user_id": Need(Str())}),
    "usergroup": Shape(DOC, STYLED | {"usergroup_id": Need(Str())}),
    "channel": Shape(DOC, STYLED | {"channel_id": Need(Str())}),
    "broadcast": Shape(DOC, STYLED | {"range": Need(OneOf(("here", "channel", "everyone")))}),
    "color": Shape(DOC, STYLED | {"value": Need(Str())}),
    "date": Shape(DOC, STYLED | {"timestamp": Need(Num(0)), "format": Need(Str()), "url": URL, "fallback": Str()}),
}

_RUN: dict[str, Rule] = {"elements": Need(ListOf(Typed(INLINE), low=0))}
SECTION = Shape(DOC, _RUN)

PARTS: dict[str, Rule] = {
    "rich_text_section": SECTION,
    "rich_text_quote": Shape(DOC, _RUN | {"border": Num(0, 1)}),
    "rich_text_preformatted": Shape(DOC, _RUN | {"border": Num(0, 1), "language": Str()}),
    "rich_text_list": Shape(
        DOC,
        {
            "style": Need(OneOf(("bullet", "ordered"))),
            "elements": Need(ListOf(Typed({"rich_text_section": SECTION}))),
            "indent": Num(0, 8),
            "offset": Num(0),
            "border": Num(0, 1),
        },
    ),
}

RICH_TEXT = Shape(DOC, {"elements": Need(ListOf(Typed(PARTS), low=0)), "block_id": Str(255)})
