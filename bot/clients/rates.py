"""Reckoning locally what a lease pays for, with the rates that came with it. Whole nano-dollars, as in the books."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_INPUT: Final = ("input_uncached", "cache_read", "cache_write", "cache_write_1h", "input_audio")
_OUTPUT: Final = ("output", "reasoning", "output_audio")
_CLASSES: Final = (*_INPUT, *_OUTPUT, "web_searches")


def classes_of(usage: Mapping[str, Any]) -> dict[str, int]:
    """The disjoint token classes of a usage event as it is sent: caches and audio are parts of input, reasoning of output."""
    count = {name: int(usage.get(name) or 0) for name in _FIELDS}
    return {
        "input_uncached": count["input_tokens"]
        - count["cache_read_tokens"]
        - count["cache_write_tokens"]
        - count["input_audio_tokens"],
        "cache_read": count["cache_read_tokens"],
        "cache_write": count["cache_write_tokens"] - count["cache_write_1h_tokens"],
        "cache_write_1h": count["cache_write_1h_tokens"],
        "input_audio": count["input_audio_tokens"],
        "output": count["output_tokens"] - count["reasoning_tokens"] - count["output_audio_tokens"],
        "reasoning": count["reasoning_tokens"],
        "output_audio": count["output_audio_tokens"],
        "web_searches": count["web_searches"],
    }


_FIELDS: Final = (
    "input_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens", "input_audio_tokens",
    "output_tokens", "reasoning_tokens", "output_audio_tokens", "web_searches",
)  # fmt: skip
COUNTS: Final = _FIELDS
"""The counts of a usage event."""


@dataclass(frozen=True, slots=True)
class Band:
    """Prices of requests with more than `above` input tokens; `dearest_output` is the highest of the output classes."""

    above: int
    per_request: int
    prices: Mapping[str, int]
    dearest_output: int


@dataclass(frozen=True, slots=True)
class Rate:
    """One model's prices for `per` tokens, in bands by input size, the first from 0."""

    per: int
    bands: tuple[Band, ...]

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Rate | None:
        """From an entry of a lease's `rates`; None when the guard has no price for the model."""
        if told["bands"] is None:
            return None
        bands = []
        for band in told["bands"]:
            prices = {name: int(band[name]) for name in _CLASSES}
            bands.append(
                Band(int(band["above"]), int(band["per_request"]), prices, max(prices[name] for name in _OUTPUT))
            )
        return cls(int(told["per"]), tuple(bands))

    def worst(self, input_tokens: int, output_tokens: int) -> int:
        """The most that a request costs whose input is as stated and whose output is at most this long."""
        band = self._band(input_tokens)
        amount = band.per_request + input_tokens * band.prices["input_uncached"] + output_tokens * band.dearest_output
        return -(-amount // self.per)

    def cost(self, classes: Mapping[str, int]) -> int:
        """What one request cost, halves to even."""
        band = self._band(sum(classes[name] for name in _INPUT))
        amount = band.per_request + sum(classes[name] * band.prices[name] for name in _CLASSES)
        whole, rest = divmod(amount, self.per)
        return whole + (rest * 2 > self.per or (rest * 2 == self.per and whole & 1))

    def is_summable(self, input_tokens: int) -> bool:
        """Whether a request of this size may be reported together with others: aggregates pay the lowest band."""
        return len(self.bands) == 1 or input_tokens <= self.bands[1].above

    def _band(self, input_tokens: int) -> Band:
        chosen = self.bands[0]
        for band in self.bands[1:]:
            if input_tokens > band.above:
                chosen = band
        return chosen
