"""What a provider's own reports say of the books: how much of it they know, what is outside, what may count twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.readable import share
from bot.slack.views.mrkdwn import code
from bot.slack.views.wording import day, plural
from core.coverage import Coverage, Dimension, Doubt, Outside
from core.money import usd
from core.services.read_coverage import ReadCoverage

SHOWN: Final = 3
"""Keys, projects and doubts told per provider; the rest is counted."""
_NAMES: Final = {
    Dimension.PROJECT: "project",
    Dimension.API_KEY: "API key",
    Dimension.MODEL: "model",
    Dimension.DAY: "day",
}
_CALLED: Final = {"openai": "OpenAI", "anthropic": "Anthropic"}


def coverage_lines(found: ReadCoverage) -> list[str]:
    """One provider's second opinion, the finding first, then each gap with its next step; mrkdwn, escaped."""
    coverage, provider = found.coverage, _CALLED.get(found.provider, found.provider)
    days = day(found.first_on) if found.first_on == found.last_on else f"{day(found.first_on)} to {day(found.last_on)}"
    if coverage.token_share is None:
        return [f"• {provider} counted no tokens from {days}; the books know {coverage.ours.tokens:,}."]
    lines = [
        f"• The books know *{share(coverage.token_share)}* of the {coverage.theirs.tokens:,} tokens that {provider} counted, "
        f"{days}{_dollars(coverage)}."
    ]
    gaps = _sure(coverage)
    lines += [f"    ◦ outside: {_outside(gap)}" for gap in gaps[:SHOWN]]
    if len(gaps) > SHOWN:
        lines.append(f"    ◦ and {plural(len(gaps) - SHOWN, 'more key or project', 'more keys and projects')}")
    if gaps:
        lines.append("    Their spend is in no envelope until a source counts it; docs/integrations.md has the ways.")
    lines += [f"    ◦ doubtful: {_doubt(doubt, provider)}" for doubt in coverage.doubts[:SHOWN]]
    return lines


def _dollars(coverage: Coverage) -> str:
    if coverage.theirs.nanos is None:
        return ""
    return f"; it charged {usd(coverage.theirs.nanos)}, the books say {usd(coverage.ours.nanos or 0)}"


def _sure(coverage: Coverage) -> Sequence[Outside]:
    """What is outside beyond doubt: keys first, since a key is what somebody can give a source."""
    splits = (coverage.split(Dimension.API_KEY), coverage.split(Dimension.PROJECT))
    return [gap for split in splits for gap in split.outside() if gap.is_sure]


def _outside(gap: Outside) -> str:
    place = f"{_NAMES[gap.dimension]} {code(gap.value, 60)}" if gap.value else f"calls without {_NAMES[gap.dimension]}"
    least = "" if gap.least_tokens == gap.most_tokens else "at least "
    cost = f", up to {usd(gap.most_nanos)}" if gap.most_nanos is not None else ""
    return f"{place}, {least}{gap.least_tokens:,} tokens{cost}"


def _doubt(doubt: Doubt, provider: str) -> str:
    place = f"{_NAMES[doubt.dimension]} {code(doubt.value, 60) if doubt.value else 'not named'}"
    if doubt.ratio is None:
        return f"{place}, {doubt.excess_tokens:,} tokens in the books of which {provider} knows nothing"
    why = f"everything seems to count {doubt.times} times" if doubt.times else "some of it may count twice"
    return f"{place}, the books have {doubt.ratio:.2f} times what {provider} counted; {why}"
