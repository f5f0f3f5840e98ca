"""What each chart says, in sentences: its alt text."""

from __future__ import annotations

from bot.readable import share, shortened
from core.money import apart, usd
from core.standing import Breakdown, Detail

NAMED = 3


def alt_burn_up(detail: Detail) -> str:
    """The finding of the burn-up chart in two or three sentences of plain text."""
    line = detail.line
    name = shortened(line.workload, 80)
    start = f"Burn-up chart: {name} has spent {usd(line.spent_nanos)}"
    into = f"{share(detail.share_elapsed)} into {detail.cycle.title}"
    if line.size_nanos is None:
        sentences = [f"{start}, {into}, without an envelope."]
    else:
        used = f" ({share(line.share_used)})" if line.share_used is not None else ""
        sentences = [f"{start} of {usd(line.size_nanos)}{used}, {into}."]
    if line.forecast is not None and detail.share_elapsed < 1:
        ahead = line.forecast
        sentences.append(f"Forecast {usd(ahead.p50_nanos)}, between {usd(ahead.p10_nanos)} and {usd(ahead.p90_nanos)}.")
    if line.run_rate_nanos is not None and detail.share_elapsed < 1:
        beside = _beside(line.run_rate_nanos, line.size_nanos)
        sentences.append(f"A straight line ends the month at {usd(line.run_rate_nanos)}{beside}.")
    if detail.previous_nanos:
        sentences.append(f"{detail.cycle.previous.title} came to {usd(detail.previous_nanos)}.")
    return " ".join(sentences)


def _beside(run_rate: int, size: int | None) -> str:
    if size is None or run_rate == size:
        return ""
    return f", {apart(run_rate, size)} {'over' if run_rate > size else 'under'} the envelope"


def carries(dimension: str) -> str:
    """What labelled spend does, to follow a share of the dollars."""
    return "is attributed" if dimension == "workload" else f"carries {labelled(dimension)}"


def labelled(dimension: str) -> str:
    """A dimension with its article: `a team`, `an environment`."""
    return f"{'an' if dimension[0] in 'aeiou' else 'a'} {dimension}"


def unlabelled(dimension: str) -> str:
    """The name of the part without a label."""
    return "unattributed" if dimension == "workload" else f"no {dimension}"


def alt_breakdown(breakdown: Breakdown) -> str:
    """The largest parts and the coverage in plain text."""
    start = f"Bar chart of spend by {breakdown.dimension} in {breakdown.cycle.title}"
    total = breakdown.spent_nanos
    if not total:
        return f"{start}: nothing was spent."
    largest = [part for part in breakdown.slices if part.label is not None][:NAMED]
    parts = [
        f"{shortened(part.label or '', 60)} {usd(part.spent_nanos)} ({share(part.spent_nanos / total)})"
        for part in largest
    ]
    covered = (
        ""
        if breakdown.coverage is None
        else f" {share(breakdown.coverage)} of {usd(total)} {carries(breakdown.dimension)}."
    )
    return f"{start}: {', '.join(parts) or unlabelled(breakdown.dimension) + ' at all'}.{covered}"
