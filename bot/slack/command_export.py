"""`/budget export [month] [format=focus-1.4]`."""

from __future__ import annotations

from datetime import date

from bot.slack.command_days import begun_cycle
from bot.slack.command_forms import Export
from bot.slack.command_words import COMMAND, Line, Word
from core.errors import UnknownName
from core.exporting.focus import Form
from core.period import Cycle
from core.spelling import nearest

_FORMS = {form.value: form for form in Form} | {"focus": Form.FOCUS_1_2, "1.2": Form.FOCUS_1_2, "1.4": Form.FOCUS_1_4}


def read_export(line: Line, *, today: date) -> Export:
    """What month, and as what. Raises BudgetError with a corrected line."""
    form, period = Form.FOCUS_1_2, []
    for word in line.words:
        if word.key in ("format", "as") or (word.key is None and word.text.lower() in _FORMS):
            form = _form(word)
        elif word.key in (None, "month"):
            period.append(word.text)
        else:
            raise UnknownName(
                f"export has no option “{word.key}”. It takes a month and format=.",
                correction=f"{COMMAND} export {Cycle(today.year, today.month)} format={form}",
            )
    this = f"{COMMAND} export {Cycle(today.year, today.month)}"
    return Export(begun_cycle(" ".join(period), today=today, nothing="there is nothing to export", line=this), form)


def _form(word: Word) -> Form:
    if found := _FORMS.get(word.text.lower()):
        return found
    likely = nearest(word.text.lower(), _FORMS) or Form.FOCUS_1_2
    raise UnknownName(
        f"“{word.shown}” is not a format. I write {', '.join(Form)}.",
        correction=f"{COMMAND} export format={_FORMS.get(likely, Form.FOCUS_1_2)}",
    )
