"""How much a request may cost at most, and how much of that is set aside for it. Pure; whole nanos."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from core.errors import OutOfRange
from core.money import NANOS, usd
from core.rates import MILLION, Band, Rate
from core.usage import TokenClasses

MAX_ASK_TOKENS: Final = 100_000_000
"""Tokens one request may state: fifty times the largest context window of 2026, and far from what 64 bits hold."""
MAX_HOLD_NANOS: Final = 1_000_000 * NANOS

WINDOW: Final = 64
"""Settled requests that are remembered per workload and model."""
SURPRISES: Final = 8
"""The largest of the latest this many counts in full, so that one surprise raises the next holds at once."""
QUANTILE: Final = 0.95
COLD_OUTPUT_TOKENS: Final = 1_024
"""What an answer is taken to need while nothing is known of a workload and model: a long page of text."""
ROOMY_OUTPUT_TOKENS: Final = 8_192
"""The least room for an answer without a stated maximum while money is plentiful."""
ENOUGH: Final = 16
"""Answers after which what was learned stands alone; before, it only raises the first guess."""
PLENTY: Final = 256
"""Money is plentiful while the rest would carry this many such requests at once."""
_PER_MILLE: Final = 1_000
_MAX_OVERRUN: Final = 20 * _PER_MILLE


@dataclass(frozen=True, slots=True)
class Ask:
    """What a request says of itself.

    Attributes:
      input: its input classes, disjoint, and its web searches; output classes are 0.
      max_output_tokens: the longest answer it allows, reasoning included; None when it states none.
    """

    input: TokenClasses
    max_output_tokens: int | None = None

    def __post_init__(self) -> None:
        """Raises OutOfRange for counts that no request has."""
        if max(*self.input, self.max_output_tokens or 0) > MAX_ASK_TOKENS or min(*self.input) < 0:
            raise OutOfRange(
                f"A request states from 0 to {MAX_ASK_TOKENS:,} tokens of a kind, and parts of the input that fit into it."
            )


@dataclass(frozen=True, slots=True)
class Learned:
    """What settled requests of one workload and model really used, newest last; empty while nothing is known.

    Attributes:
      outputs: output tokens of each. An answer that was cut off at our own limit counts double, because nobody knows how
        long it would have been.
      overruns: actual cost over stated worst case, in per mille.
    """

    outputs: tuple[int, ...] = ()
    overruns: tuple[int, ...] = ()

    @property
    def usual_output(self) -> int:
        """A high quantile, raised by recent surprises, and a little more: an answer of just that length was not cut off."""
        known = _high(self.outputs) * 33 // 32 + 1 if self.outputs else 0
        return known if len(self.outputs) >= ENOUGH else max(known, COLD_OUTPUT_TOKENS)

    @property
    def least_output(self) -> int:
        """The median: an answer that is given less is likely to be cut off."""
        return max(1, sorted(self.outputs)[len(self.outputs) // 2]) if self.outputs else COLD_OUTPUT_TOKENS // 4

    @property
    def roomy_output(self) -> int:
        return max(ROOMY_OUTPUT_TOKENS, 2 * self.usual_output)

    def raised(self, worst_nanos: int) -> int:
        """The worst case as experience corrects it; never below what was stated."""
        factor = min(_MAX_OVERRUN, max(_PER_MILLE, _high(self.overruns))) if self.overruns else _PER_MILLE
        return -(-worst_nanos * factor // _PER_MILLE)

    def with_request(self, *, output_tokens: int, was_cut_off: bool, overrun: int | None) -> Learned:
        """One more settled request."""
        outputs = (*self.outputs, output_tokens * 2 if was_cut_off else output_tokens)[-WINDOW:]
        overruns = self.overruns if overrun is None else (*self.overruns, overrun)[-WINDOW:]
        return Learned(outputs, overruns)


@dataclass(frozen=True, slots=True)
class Size:
    """A hold that fits: what is set aside, the worst case as stated, and the output limit that makes it hold."""

    held_nanos: int
    worst_nanos: int
    max_output_tokens: int


def worst_cost(rate: Rate, ask: TokenClasses, output_tokens: int) -> int:
    """Nanos of a request with this input whose whole output falls into the dearest output class.

    Raises OutOfRange above a million dollars: a mistake in units.
    """
    cost = max(
        rate.cost(ask._replace(output=output_tokens)),
        rate.cost(ask._replace(reasoning=output_tokens)),
        rate.cost(ask._replace(output_audio=output_tokens)),
    )
    if cost > MAX_HOLD_NANOS:
        raise OutOfRange(f"This request may cost {usd(cost)}; above $1,000,000 it is refused. Check the units.")
    return cost


def hold_for(rate: Rate, ask: Ask, learned: Learned, left_nanos: int | None) -> Size | None:
    """The hold for a request, or None when what is left does not cover it.

    What was learned adds to a stated worst case as long as there is money; it never refuses by itself a request that fits as
    stated: that one takes all that is left, so that at most one request at a time can surprise an empty envelope.

    Args:
      left_nanos: what nobody has spent or holds; may be negative; None without a limit.
    """
    if ask.max_output_tokens is not None:
        worst = worst_cost(rate, ask.input, ask.max_output_tokens)
        return _within(learned.raised(worst), worst, ask.max_output_tokens, left_nanos)
    roomy = _sized(rate, ask, learned, learned.roomy_output)
    if left_nanos is None or roomy.held_nanos == 0 or roomy.held_nanos * PLENTY <= left_nanos:
        return roomy
    usual = _sized(rate, ask, learned, learned.usual_output)
    if usual.held_nanos <= left_nanos:
        return usual
    least = min(learned.least_output, learned.usual_output)
    if worst_cost(rate, ask.input, least) > left_nanos:
        return None
    affordable = _affordable(rate, ask.input, left_nanos, at_least=least, at_most=learned.usual_output)
    return Size(left_nanos, worst_cost(rate, ask.input, affordable), affordable)


def least_hold(rate: Rate, ask: Ask, learned: Learned) -> int:
    """The smallest hold with which `hold_for` would let this request through."""
    tokens = ask.max_output_tokens
    return worst_cost(rate, ask.input, min(learned.least_output, learned.usual_output) if tokens is None else tokens)


def overrun_of(worst_nanos: int, actual_nanos: int) -> int | None:
    """Actual cost over worst case in per mille, rounded up; None where the worst case is free."""
    return -(-actual_nanos * _PER_MILLE // worst_nanos) if worst_nanos > 0 else None


def ceiling_rate(input_nanos: int, output_nanos: int) -> Rate:
    """The rate that an unpriced model is held at; prices in nanos per million tokens."""
    prices = TokenClasses(*(input_nanos,) * 5, *(output_nanos,) * 3, 0)
    return Rate("ceiling for models without a price", (Band(-1, prices),))


def _sized(rate: Rate, ask: Ask, learned: Learned, output_tokens: int) -> Size:
    worst = worst_cost(rate, ask.input, output_tokens)
    return Size(learned.raised(worst), worst, output_tokens)


def _within(full: int, worst: int, output_tokens: int, left_nanos: int | None) -> Size | None:
    if left_nanos is None or full == 0 or full <= left_nanos:
        return Size(full, worst, output_tokens)
    return Size(left_nanos, worst, output_tokens) if worst <= left_nanos else None


def _affordable(rate: Rate, ask: TokenClasses, left_nanos: int, *, at_least: int, at_most: int) -> int:
    """The most output tokens in this range that the money covers; the least is known to be covered."""
    slope = worst_cost(rate, ask, MILLION) - worst_cost(rate, ask, 0)
    if slope <= 0:
        return at_most
    tokens = min(at_most, (left_nanos - worst_cost(rate, ask, 0)) * MILLION // slope)
    # Rounding to whole nanos can be off by one at the edge.
    while tokens > at_least and worst_cost(rate, ask, tokens) > left_nanos:
        tokens -= 1
    return max(at_least, tokens)


def _high(values: tuple[int, ...]) -> int:
    ordered = sorted(values)
    return max(ordered[max(0, -(-round(QUANTILE * 100) * len(ordered) // 100) - 1)], *values[-SURPRISES:])
