"""Failures on order: the next calls of a method, or the next deliveries, go wrong in a chosen way."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase

from sandbox.model import Json

KINDS = ("429", "500", "lost", "slow", "gone", "revoked")


class BadFault(Exception):
    """An order that makes no sense; the text says why."""


@dataclass
class Fault:
    """One order.

    `method` is a Web API method, "delivery:<type>" or a pattern with `*`; `times` is how often it strikes;
    `after` is how many matching calls pass first; `seconds` is the delay of "slow" and the `Retry-After` of "429".
    """

    method: str
    kind: str
    times: int = 1
    after: int = 0
    seconds: float = 1.0

    @classmethod
    def read(cls, order: Json) -> Fault:
        """Raises BadFault for an unknown kind or a number that is none."""
        kind = str(order.get("kind"))
        if kind not in KINDS:
            raise BadFault(f"unknown kind {kind}; there are: {', '.join(KINDS)}")
        if not isinstance(order.get("method"), str):
            raise BadFault("method is missing")
        try:
            times, after = int(order.get("times", 1)), int(order.get("after", 0))
            seconds = float(order.get("seconds", 4.0 if kind == "slow" else 1.0))
        except (TypeError, ValueError) as wrong:
            raise BadFault(str(wrong)) from wrong
        return cls(order["method"], kind, times, after, seconds)


class Faults:
    """The pending orders, oldest first."""

    def __init__(self) -> None:
        self._pending: list[Fault] = []

    def order(self, faults: list[Fault]) -> None:
        self._pending.extend(faults)

    def clear(self) -> None:
        self._pending.clear()

    def pending(self) -> list[Json]:
        return [asdict(fault) for fault in self._pending]

    def strike(self, method: str) -> Fault | None:
        """The fault that hits this call, if any; counts it."""
        for fault in self._pending:
            wide = "*" in fault.method
            # `*` alone means every Web API method: a delivery must be named as one.
            if method.startswith("delivery:") != fault.method.startswith("delivery:"):
                continue
            if not (fnmatchcase(method, fault.method) if wide else method == fault.method):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            fault.times -= 1
            if fault.times <= 0:
                self._pending.remove(fault)
            return fault
        return None
