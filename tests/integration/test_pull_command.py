"""`outlay pull` as typed, and the hourly job of a running bot."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from pydantic import SecretStr

from bot.delivery import Delivery
from bot.pulling import Pulls
from bot.schedule import make_scheduler
from bot.settings import Settings, load_settings
from core.errors import SettingsProblem
from core.services.pull_usage import read_cursors
from core.store.unit_of_work import UnitOfWork
from tests.support.provider_api import ANTHROPIC_KEY, OPENAI_KEY, ProviderApi, running
from tests.support.provider_ledger import Call
from tests.support.pulling import TODAY, Clock, day, kept_tokens


@pytest.fixture
async def api() -> AsyncIterator[ProviderApi]:
    async with running(ProviderApi()) as started:
        yield started


def settings(api: ProviderApi, **changes: object) -> Settings:
    values = {
        "openai_admin_key": SecretStr(OPENAI_KEY),
        "outlay_openai_url": api.openai_url,
        "outlay_anthropic_url": api.url,
    }
    return Settings(_env_file=None, **values | changes)  # type: ignore[arg-type]


async def outlay(api: ProviderApi, folder: Path, *words: str, **variables: str) -> tuple[int, str, str]:
    """Run the command as a program; (exit code, stdout, stderr)."""
    known = {name: value for name, value in os.environ.items() if not name.endswith("_ADMIN_KEY")}
    given = {"OUTLAY_OPENAI_URL": api.openai_url, "OUTLAY_ANTHROPIC_URL": api.url, "PYTHONPATH": str(Path.cwd())}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *words, cwd=folder, env=known | given | variables,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_pull_says_what_it_read_and_what_the_books_do_not_know(api: ProviderApi, tmp_path: Path) -> None:
    begin = datetime.now(UTC) - timedelta(days=10)
    api.ledger.add(*(Call(begin + timedelta(days=number), requests=5) for number in range(10)))

    code, out, err = await outlay(api, tmp_path, "pull", "openai", OPENAI_ADMIN_KEY=OPENAI_KEY)

    assert (code, out) == (0, "")
    assert "openai/completions: 10 rows" in err
    assert "the books know 0.0% of openai's" in err
    assert "outside the books: API key key_search: 8,800 tokens" in err


async def test_pull_as_json_is_one_object_on_stdout(api: ProviderApi, tmp_path: Path) -> None:
    at = datetime.now(UTC) - timedelta(days=5)
    api.ledger.add(Call(at, "wrkspc_1", "apikey_1", "claude-sonnet-4-5"))

    code, out, _ = await outlay(
        api, tmp_path, "pull", "anthropic", "--since", f"{at:%Y-%m-%d}", "--json", ANTHROPIC_ADMIN_KEY=ANTHROPIC_KEY
    )

    told = json.loads(out)
    assert (code, told["role"], told["coverage"]["token_share"]) == (0, "checks", 0.0)
    assert [(one["report"], one["complete"], one["problem"]) for one in told["reports"]] == [
        ("messages", True, None), ("costs", True, None),
    ]  # fmt: skip
    assert told["reports"][0]["from"] == f"{at:%Y-%m-%d}"
    assert told["coverage"]["provider_usd"] == "0.001800000"


async def test_pull_without_a_key_names_the_variable(api: ProviderApi, tmp_path: Path) -> None:
    code, _, err = await outlay(api, tmp_path, "pull", "openai")

    assert code == 2
    assert err.startswith("outlay: OPENAI_ADMIN_KEY is not set.")


async def test_a_refused_key_is_an_exit_code_and_is_not_shown(api: ProviderApi, tmp_path: Path) -> None:
    code, out, err = await outlay(api, tmp_path, "pull", "openai", OPENAI_ADMIN_KEY="sk-admin-WRONG")

    assert code == 1
    assert "refused the admin key" in err and "WRONG" not in err + out


async def test_the_hourly_job_pulls_each_provider_that_has_a_key(uow: UnitOfWork, api: ProviderApi) -> None:
    api.ledger.add(Call(day(20)))

    await Pulls(uow, settings(api, anthropic_admin_key=SecretStr(ANTHROPIC_KEY)), Clock()).run_due()

    assert {cursor.name.split("/")[0] for cursor in await read_cursors(uow)} == {"openai", "anthropic"}
    assert await kept_tokens(uow) == {day(20).date(): 2 * 1_100}  # one ledger, asked by both


async def test_without_keys_nothing_is_pulled(uow: UnitOfWork, api: ProviderApi) -> None:
    pulls = Pulls(uow, settings(api, openai_admin_key=None), Clock())

    await pulls.run_due()

    assert pulls.providers == () and api.asked == []


@pytest.mark.parametrize(("key", "jobs"), [(SecretStr(OPENAI_KEY), {"pull_reports"}), (None, set())])
async def test_only_a_key_puts_the_job_on_the_schedule(
    uow: UnitOfWork, api: ProviderApi, key: SecretStr | None, jobs: set[str]
) -> None:
    pulls = Pulls(uow, settings(api, openai_admin_key=key), Clock())

    planned = make_scheduler(uow, cast(Delivery, None), pulls, Clock()).get_jobs()

    assert {job.id for job in planned} & {"pull_reports"} == jobs
    assert timedelta(minutes=20) <= pulls.minute < timedelta(minutes=30)


async def test_a_replica_that_comes_just_after_another_asks_nothing(uow: UnitOfWork, api: ProviderApi) -> None:
    await Pulls(uow, settings(api), Clock()).run_due()
    api.asked.clear()

    await Pulls(uow, settings(api), Clock(TODAY + timedelta(minutes=10))).run_due()
    assert api.asked == []

    await Pulls(uow, settings(api), Clock(TODAY + timedelta(hours=1))).run_due()
    assert api.asked


async def test_after_a_problem_the_next_tick_tries_again(uow: UnitOfWork, api: ProviderApi) -> None:
    api.fail(404)
    await Pulls(uow, settings(api), Clock()).run_due()
    api.asked.clear()

    await Pulls(uow, settings(api), Clock(TODAY + timedelta(minutes=1))).run_due()

    assert api.asked
    assert {cursor.problem for cursor in await read_cursors(uow)} == {None}


@pytest.mark.parametrize(
    "address",
    [
        "http://api.openai.com/v1",
        "http://127.0.0.1.evil.example/v1",
        "ftp://127.0.0.1/v1",
        "https://user@host/v1",
        "here",
    ],
)
def test_the_key_is_not_sent_in_the_clear(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTLAY_OPENAI_URL", address)
    monkeypatch.setenv("OPENAI_ADMIN_KEY", OPENAI_KEY)

    with pytest.raises(SettingsProblem, match="OUTLAY_OPENAI_URL"):
        load_settings(None)


def test_an_sdks_gateway_is_no_concern_without_an_admin_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTLAY_OPENAI_URL", "http://litellm:4000")
    monkeypatch.setenv("OPENAI_ADMIN_KEY", " ")

    assert load_settings(None).openai_admin_key is None


def test_a_blank_address_is_the_providers_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", ANTHROPIC_KEY)
    monkeypatch.setenv("OUTLAY_ANTHROPIC_URL", "")

    assert load_settings(None).outlay_anthropic_url == "https://api.anthropic.com"


@pytest.mark.parametrize("key", ["two words", "sk-admin\nX-Evil: 1", "schlüssel"])
def test_a_key_that_is_no_key_is_refused_without_being_shown(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ADMIN_KEY", key)

    with pytest.raises(SettingsProblem, match="OPENAI_ADMIN_KEY") as refused:
        load_settings(None)

    assert key not in str(refused.value)
