"""One row of a table of limits, and how it is judged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from sandbox.blocks import problems
from tests.sandbox.content import Json

DOCS = "https://docs.slack.dev/reference/block-kit"


@dataclass(frozen=True)
class Case:
    """Blocks that Slack takes (`problem` None) or refuses with words that contain `problem`."""

    claim: str
    page: str
    blocks: list[Json]
    problem: str | None = None
    surface: str = "message"

    def judge(self) -> None:
        found = problems(self.blocks, self.surface)
        if self.problem is None:
            assert found == []
        else:
            assert any(self.problem in problem for problem in found), found


def as_parameters(cases: Iterable[Case]) -> list[Any]:
    """The cases for `parametrize`, each marked with its page."""
    return [
        pytest.param(case, id=f"{case.page}: {case.claim}", marks=pytest.mark.documented(f"{DOCS}/{case.page}"))
        for case in cases
    ]
