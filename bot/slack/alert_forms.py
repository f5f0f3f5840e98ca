"""What `/budget why-told` and `/budget replay` ask for, as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WhyTold:
    """Why was I (not) told about this workload."""

    workload: str
    share: bool = False


@dataclass(frozen=True, slots=True)
class ReplayCommand:
    """Thresholds to replay, shares from 0 to 1; what is None is as in force. `nanos` is another size."""

    workload: str
    soft: float | None = None
    hard: float | None = None
    nanos: int | None = None
    share: bool = False


AlertCommand = WhyTold | ReplayCommand
