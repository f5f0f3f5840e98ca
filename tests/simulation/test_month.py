"""A month of alerts with two replicas that are killed between any two steps, and a Slack of which a fifth fails."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.simulation.checks import judged
from tests.simulation.company import furnish
from tests.simulation.month import Month, Plan

FEW = 30
"""Envelopes; `benchmarks/simulation.py` lives through months of two hundred."""


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """The books of a small company, to copy."""
    path = tmp_path_factory.mktemp("company") / "outlay.db"
    shutil.copy(sqlite_template, path)
    asyncio.run(furnish(f"sqlite:///{path}", FEW))
    return path


def a_month(seed: int, url: str, *, may_look_back: bool = True) -> Plan:
    return Plan(seed, url, envelopes=FEW, steps=6, deaths=0.02, may_look_back=may_look_back)


@pytest.mark.parametrize("seed", [1, 2, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(3, 9))])
async def test_nothing_is_lost_and_nothing_told_twice(seed: int, company: Path, tmp_path: Path) -> None:
    shutil.copy(company, tmp_path / "outlay.db")
    month = await Month(a_month(seed, f"sqlite:///{tmp_path / 'outlay.db'}")).lives()
    verdict = await judged(month)

    assert verdict.wrong == ()
    assert verdict.doubles == 0
    assert verdict.transitions > 0
    assert verdict.deaths > 0
    assert verdict.faults > 0


async def test_nothing_is_lost_where_history_cannot_be_read(company: Path, tmp_path: Path) -> None:
    shutil.copy(company, tmp_path / "outlay.db")
    plan = a_month(9, f"sqlite:///{tmp_path / 'outlay.db'}", may_look_back=False)
    verdict = await judged(await Month(plan).lives())

    assert verdict.wrong == ()
    assert verdict.doubles <= verdict.deaths + verdict.faults


async def test_two_replicas_on_postgresql_lose_nothing_either(postgres_url: str) -> None:
    await furnish(postgres_url, FEW)
    verdict = await judged(await Month(a_month(10, postgres_url)).lives())

    assert verdict.wrong == ()
    assert verdict.doubles == 0
