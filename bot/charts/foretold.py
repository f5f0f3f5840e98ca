"""What a forecast says in one plain sentence: headings and alt texts of its charts, and the findings of its messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from bot.charts.sheet import legible
from bot.readable import share, shortened
from core.forecast import Forecast
from core.money import NANOS, apart, usd
from core.services.explain_spend import Explanation
from core.services.forecast_spend import Outlook
from core.variance import Driver

SURE = 0.99
DUST = NANOS // 200
"""Half a cent."""


def name_of(outlook: Outlook) -> str:
    """The workload's name as far as it can be drawn."""
    return legible(outlook.month.workload, "This workload")


def finding(outlook: Outlook) -> str:
    """`62% chance to pass $4,000, most likely 19–24 Nov`; the range where there is no envelope."""
    made = outlook.forecast
    size = outlook.envelope.size(outlook.cycle) if outlook.envelope else 0
    if not size or made.breach_probability is None:
        return f"Ends at about {usd(made.p50_nanos)}, most likely {usd(made.p10_nanos)}–{usd(made.p90_nanos)}"
    return chance_sentence(made.breach_probability, size, made.breach_on, spent_nanos=made.spent_nanos)


def chance_sentence(
    probability: float, size_nanos: int, breach_on: tuple[date, date] | None, *, spent_nanos: int
) -> str:
    """The chance to pass an envelope and the likely days, without a full stop."""
    if spent_nanos > size_nanos:
        return f"{usd(size_nanos)} was passed already; {usd(spent_nanos)} is spent"
    days = f", most likely {days_words(*breach_on)}" if breach_on else ""
    words = f"{chance(probability)} chance to pass {usd(size_nanos)}{days}"
    return f"{words[0].upper()}{words[1:]}"


def chance(probability: float) -> str:
    """A probability in percent, never rounded to a certainty that it is not."""
    if probability > SURE:
        return "over 99%"
    return "0%" if probability < 0.0005 else share(probability)


def days_words(first: date, last: date) -> str:
    """`24 Nov`, `19–24 Nov`, `30 Nov–2 Dec`."""
    if first == last:
        return f"{first.day} {first:%b}"
    if first.month == last.month:
        return f"{first.day}–{last.day} {last:%b}"
    return f"{first.day} {first:%b}–{last.day} {last:%b}"


def alt_fan(outlook: Outlook) -> str:
    """The finding of the fan chart in plain sentences."""
    made = outlook.forecast
    sentences = [
        f"Fan chart: {shortened(made.workload, 80)}, {outlook.cycle.title}. {usd(made.spent_nanos)} spent so far.",
        *([f"{finding(outlook)}."] if outlook.envelope else []),
        f"Forecast {usd(made.p50_nanos)}, between {usd(made.p10_nanos)} and {usd(made.p90_nanos)} in four months out of five.",
    ]
    if made.run_rate_nanos is not None:
        sentences.append(f"The run-rate says {usd(made.run_rate_nanos)}.")
    return " ".join(sentences)


def alt_trial(outlook: Outlook, then: Forecast) -> str:
    """The finding of a what-if's chart."""
    was, would = outlook.forecast.p50_nanos, then.p50_nanos
    change = f"{apart(would, was)} {'more' if would > was else 'less'}" if would != was else "the same"
    return (
        f"Two forecasts of {shortened(outlook.month.workload, 80)} for {outlook.cycle.title}: "
        f"{usd(was)} as things stand, {usd(would)} under the changes, {change}."
    )


def alt_waterfall(explanation: Explanation) -> str:
    """From what to what, and the largest causes."""
    variance = explanation.variance
    parts = sorted(variance.by_driver().items(), key=lambda item: -abs(item[1]))[:3]
    causes = ", ".join(f"{driver} {signed(nanos)}" for driver, nanos in parts) or "no cause moved"
    return (
        f"Waterfall chart: {shortened(explanation.workload, 80)} from {usd(variance.planned_nanos)} to "
        f"{usd(variance.actual_nanos)}, {signed(variance.gap_nanos)}: {causes}."
    )


def worth_showing(causes: Mapping[Driver, int]) -> dict[Driver, int]:
    """The causes without those under half a cent, which come of rounding; all of them where none is larger."""
    found = {driver: nanos for driver, nanos in causes.items() if abs(nanos) >= DUST}
    return found or dict(causes)


def signed(nanos: int) -> str:
    """`+$120`, `−$35`, `$0`."""
    return "$0" if nanos == 0 else f"{'+' if nanos > 0 else '−'}{usd(abs(nanos))}"


def alt_multiples(lines: Sequence[str]) -> str:
    """Every envelope of a digest in few words."""
    count = "1 envelope" if len(lines) == 1 else f"{len(lines):,} envelopes"
    return f"Small charts of {count}: {'; '.join(lines)}."


def driver_title(driver: Driver) -> str:
    """A driver as it stands in a chart or a table."""
    return str(driver).capitalize()
