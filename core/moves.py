"""Re-attribution decided: which usage counts elsewhere than the rules now say, and what would move from where; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from core.attribution import Attribution, Labels


@dataclass(frozen=True, slots=True)
class Move:
    """Usage of one series that goes from one workload (by id) to another; money in nanos."""

    series_id: int
    source: int
    target: int
    nanos: int
    requests: int


@dataclass(frozen=True, slots=True)
class Shift:
    """What moves between two workloads, by name."""

    source: str
    target: str
    requests: int
    nanos: int


def moves(
    rows: Iterable[tuple[int, int, int, int]],
    labels: Mapping[int, Labels],
    attribution: Attribution,
    *,
    concerns: Callable[[Labels], bool],
    only_from: int | None = None,
) -> tuple[Move, ...]:
    """Usage that the rules give to another workload than it counts to.

    Args:
      rows: (workload, series, nanos, requests) as it counts now.
      concerns: which label sets to look at; all others stay where they are.
      only_from: leave alone what counts to any other workload.
    """
    found = []
    for workload, series, nanos, requests in rows:
        if (only_from is not None and workload != only_from) or not concerns(labels[series]):
            continue
        target = attribution.workload_for(labels[series])
        if target != workload:
            found.append(Move(series, workload, target, nanos, requests))
    return tuple(found)


def shifts(moved: Iterable[Move], names: Mapping[int, str]) -> tuple[Shift, ...]:
    """The moves summed per pair of workloads, most dollars first."""
    sums: dict[tuple[int, int], list[int]] = {}
    for move in moved:
        found = sums.setdefault((move.source, move.target), [0, 0])
        found[0] += move.requests
        found[1] += move.nanos
    summed = [
        Shift(names[source], names[target], requests, nanos) for (source, target), (requests, nanos) in sums.items()
    ]
    return tuple(sorted(summed, key=lambda one: (-one.nanos, -one.requests, one.source, one.target)))
