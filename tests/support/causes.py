"""How a cause has to be found: named first, measured, with nothing of weight beside it."""

from __future__ import annotations

import pytest

from core.reconciliation import CauseName, Reconciliation
from tests.support.closing import Call

both = pytest.mark.parametrize("with_quantity", [True, False], ids=["tokens told", "amounts only"])


def names_first(result: Reconciliation, cause: CauseName, nanos: float | None = None, *, within: float = 0.02) -> None:
    """The cause leads, with the amount (the whole gap without one), and nothing else of weight stands beside it."""
    assert [found.name for found in result.causes[:1]] == [cause], result.causes
    wanted = result.gap_nanos if nanos is None else nanos
    assert result.causes[0].nanos == pytest.approx(wanted, rel=within)
    assert result.causes[0].evidence and 0 < result.causes[0].confidence <= 1


def every_third(call: Call) -> bool:
    return call.number % 3 == 0
