"""A comparison as one message: the gap, its causes, what is left, and who has signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot.charts.foretold import signed
from bot.readable import share, shortened
from bot.slack import ids
from bot.slack.views import blocks
from bot.slack.views.blocks import Block, Message
from bot.slack.views.cause_words import cause_title
from bot.slack.views.mrkdwn import code, name, person, when
from bot.slack.views.wording import listed, plural, signed_percent
from core.money import decimal_string, usd
from core.period import Cycle

SHOWN: Final = 5
MENDABLE: Final = frozenset({"wrong_price", "discount", "alias", "untracked_key", "double_capture", "mock_traffic"})
"""Causes for which something can be done here; the others are the provider's terms or the sender's to mend."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The facts of a notice, read once."""

    id: int
    digest: str
    made_by: str
    made_at: datetime
    closed_at: datetime | None
    result: Mapping[str, Any]
    signing: Mapping[str, Any]

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Shown:
        closed = facts["closed_at"]
        return cls(
            facts["id"], facts["digest"], facts["made_by"], datetime.fromisoformat(facts["made_at"]),
            datetime.fromisoformat(closed) if closed else None, facts["result"], facts["signing"],
        )  # fmt: skip

    @property
    def value(self) -> str:
        """What a button carries: the number, and the beginning of the digest as proof of what was seen."""
        return f"{self.id} {self.digest[:12]}"

    @property
    def month(self) -> Cycle:
        year, month = self.result["month"].split("-")
        return Cycle(int(year), int(month))

    @property
    def gap(self) -> int:
        return int(self.result["invoice"]) - int(self.result["estimate"])

    @property
    def causes(self) -> list[Mapping[str, Any]]:
        return sorted(self.result["causes"], key=lambda cause: -abs(cause["nanos"]))

    @property
    def mendable(self) -> list[Mapping[str, Any]]:
        return [
            cause for cause in self.causes if cause["cause"] in MENDABLE or cause["details"].keys() >= {"tier", "ratio"}
        ]

    @property
    def title(self) -> str:
        return f"{shortened(self.result['provider'], 60)} · {self.month.title}"


def reconciliation_message(read: Shown, *, chart_file: str | None, reader: ZoneInfo) -> Message:
    """The message that stands at the head of the thread; its buttons go when the month is closed."""
    said = finding(read)
    is_open = read.closed_at is None
    return blocks.message(
        f"{name(read.result['provider'])} {read.month.title}: {said}",
        blocks.header(f"{read.title}: invoice against estimate"),
        blocks.section(f"{said} {left(read)}"),
        blocks.picture(chart_file, alt_gap(read)),
        blocks.section("\n".join(_cause_lines(read))) if read.causes else None,
        blocks.section(signing_line(read, reader)),
        _buttons(read) if is_open else None,
        blocks.context(_bill_line(read), f"Compared by {person(read.made_by)}, {when(read.made_at, reader)} · table and CSV in the thread"),
    )  # fmt: skip


def finding(read: Shown) -> str:
    """`*The invoice says $1,234, the books $1,180: +$54 (+4.6%).*`"""
    invoice, estimate = int(read.result["invoice"]), int(read.result["estimate"])
    part = f" ({signed_percent(read.gap / estimate)})" if estimate and read.gap else ""
    if not read.gap:
        return f"*The invoice says {usd(invoice)}, and so do the books.*"
    return f"*The invoice says {usd(invoice)}, the books {usd(estimate)}: {signed(read.gap)}{part}.*"


def left(read: Shown) -> str:
    """What of the gap has no name, held against the tolerance."""
    rest, tolerance = int(read.result["unexplained"]), int(read.result["tolerance"])
    if not read.gap and not read.causes:
        return "Nothing needs a cause."
    named = f"{plural(len(read.causes), 'cause')} named" if read.causes else "No cause was found"
    if not rest:
        return f"{named}; nothing is left."
    within = "within" if abs(rest) <= tolerance else "above"
    return f"{named}; {signed(rest)} is unexplained, {within} the tolerance of {usd(tolerance)}."


def signing_line(read: Shown, reader: ZoneInfo) -> str:
    """Who signed, who refused and why, and whom it waits for."""
    signing = read.signing
    parts = []
    by_person: dict[str, list[str]] = {}
    for word in signing["signed"]:
        by_person.setdefault(word["person"], []).append(word["role"])
    if by_person:
        words = [f"{person(who)} ({' and '.join(roles)})" for who, roles in by_person.items()]
        parts.append(f"Signed by {listed(words, 6)}.")
    if read.closed_at:
        return f"✓ *Closed {when(read.closed_at, reader)}.* {' '.join(parts)}"
    refused = {word["person"]: word["refused"] for word in signing["refused"]}
    parts += [f"{person(who)} does not sign: “{name(str(why), 300)}”." for who, why in refused.items()]
    owners = [person(who) for who in signing["missing_owners"] if who not in refused]
    finance = [person(who) for who in signing["missing_finance"] if who not in refused]
    waits = [listed(owners, 5)] if owners else []
    if finance:
        waits.append(f"{' or '.join(finance[:3])} for finance")
    if waits:
        parts.append(f"Waits for {' and '.join(waits)}.")
    return " ".join(parts) or "Nobody has to sign."


def gap_parts(read: Shown) -> list[tuple[str, int]]:
    """The causes as bars of the waterfall, what is unexplained last."""
    parts = [(cause_title(cause["cause"]), int(cause["nanos"])) for cause in read.causes]
    rest = int(read.result["unexplained"])
    return [*parts, ("Unexplained", rest)] if rest else parts


def alt_gap(read: Shown) -> str:
    """The waterfall in a sentence."""
    steps = ", ".join(f"{title} {signed(nanos)}" for title, nanos in gap_parts(read)[:6]) or "no difference"
    return (
        f"Waterfall chart: {read.title} from the estimate of {usd(read.result['estimate'])} to the invoice of "
        f"{usd(read.result['invoice'])}: {steps}."
    )


def _cause_lines(read: Shown) -> list[str]:
    lines = [
        f"• *{signed(int(cause['nanos']))}* {cause_title(cause['cause'])}: {name(cause['evidence'], 260)} "
        f"_({share(cause['confidence'])} sure)_"
        for cause in read.causes[:SHOWN]
    ]  # fmt: skip
    hidden = read.causes[SHOWN:]
    if hidden:
        lines.append(
            f"• *{signed(sum(int(cause['nanos']) for cause in hidden))}* {plural(len(hidden), 'smaller cause')}, in the thread"
        )
    return lines


def _buttons(read: Shown) -> Block:
    asks = blocks.confirmation(
        "Sign these numbers?",
        f"You sign that the invoice of {usd(read.result['invoice'])} is understood as shown, {signed(int(read.result['unexplained']))} "
        "of it unexplained. If the numbers change, your signature is void and you are told.",
        yes="Sign", style="primary",
    )  # fmt: skip
    mend = [blocks.button("Mend…", ids.MEND_RECONCILIATION, read.value)] if read.mendable else []
    return blocks.actions(
        blocks.button("Sign", ids.SIGN_RECONCILIATION, read.value, style="primary", asks=asks),
        blocks.button("Refuse…", ids.REFUSE_RECONCILIATION, read.value),
        *mend,
    )


def _bill_line(read: Shown) -> str:
    bill = read.result["bill"]
    parts = [f"Invoice {code(bill['file'], 60)}"]
    if bill["version"] > 1:
        parts.append(f"version {bill['version']}")
    parts.append(plural(int(read.result["lines"]), "line"))
    if bill["rate"]:
        rate, on, source = bill["rate"]
        amount = decimal_string(bill["total"]).rstrip("0").rstrip(".")
        parts.append(f"{amount} {name(bill['currency'], 3)} at {name(rate, 20)} ({name(on, 10)}, {name(source, 40)})")
    if read.result["split_by"]:
        parts.append(f"compared by {listed([name(one, 20) for one in read.result['split_by']], 6)}")
    return " · ".join([*parts, *(name(remark, 120) for remark in read.result["remarks"][:2])])
