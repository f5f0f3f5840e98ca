"""`/budget tags`, `tags DIMENSION`, and `tags DIMENSION spelling=value` to merge values by hand."""

from __future__ import annotations

from bot.slack.command_forms import Tags
from bot.slack.command_names import tag_name
from bot.slack.command_words import COMMAND, Line, as_typed
from core.errors import Unreadable


def read_tags(line: Line) -> Tags:
    """What the words behind `tags` ask for. Raises BudgetError with a corrected line."""
    if not line.words:
        return Tags()
    first, rest = line.words[0], line.words[1:]
    if first.key is not None or not first.text:
        raise Unreadable("Which tag? Put its name first.", correction=f"{COMMAND} tags")
    name = tag_name(line, first)
    merges = []
    for word in rest:
        if word.key is None:
            raise Unreadable(
                f"I read “{word.shown}” and expected two values of {name}, like prod=production.",
                correction=line.without(word),
            )
        if not word.text.strip():
            raise Unreadable(
                f"What does {word.key[:40]} stand for? Put it behind the sign.", correction=line.without(word)
            )
        merges.append((word.key, as_typed(word.text).strip()))
    return Tags(name, tuple(merges))
