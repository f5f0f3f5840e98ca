"""`outlay doctor` against set-ups that are broken in one way each: it names the fault, and the line that mends it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from bot.doctor import examine
from bot.settings import Settings
from bot.slack.examine import NEEDED_SCOPES, OPTIONAL_SCOPES
from core import list_prices
from core.checkup import Grade, worst
from core.services.keep_books import open_books
from core.services.manage_tokens import create_token, source_for
from core.services.record_usage import Bookkeeper
from core.store.unit_of_work import UnitOfWork
from sandbox import Sandbox
from tests.support.books import FARAH, an_event, an_order, sets

LEFT = "U0LEE"


@dataclass
class Setup:
    """An installation that works, until a test breaks one thing."""

    box: Sandbox
    settings: Settings
    uow: UnitOfWork
    now: datetime

    def change(self, **fields: object) -> None:
        self.settings = self.settings.model_copy(update=fields)

    async def run(self, statement: str) -> None:
        async with self.uow.write() as tx:
            await tx.connection.execute(text(statement))

    async def token(self, name: str, *scopes: str, days: int | None = None, now: datetime | None = None) -> str:
        return await create_token(self.uow, name, frozenset(scopes), by=FARAH, now=now or self.now, days=days)


@pytest.fixture
async def setup(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Setup]:
    path = tmp_path / "outlay.db"
    shutil.copy(sqlite_template, path)
    url, now = f"sqlite:///{path}", datetime.now(UTC)
    uow = UnitOfWork(url, ZoneInfo("UTC"))
    await open_books(uow, default_owner=FARAH)
    async with Sandbox(rate_limit=None) as box:
        box.scopes.update((*NEEDED_SCOPES, *OPTIONAL_SCOPES))
        settings = Settings(
            _env_file=None, slack_bot_token=SecretStr(box.bot_token), slack_app_token=SecretStr(box.app_token),
            slack_signing_secret=None, slack_api_url=box.api_url, outlay_database_url=url, outlay_channel="C0BUDGET",
            openai_admin_key=None, anthropic_admin_key=None,
        )  # fmt: skip
        made = Setup(box, settings, uow, now)
        await made.token("gateway", "usage", "guard")
        source = await source_for(uow, await made.token("sdk", "usage"), "usage", now=now)
        await Bookkeeper(uow).record(source.id, [(0, an_event(at=now - timedelta(minutes=5)))], now=now)
        await sets(uow, an_order("search", channel="C0BUDGET"), now=now)
        yield made
    await uow.close()


async def test_a_set_up_that_works_has_nothing_to_mend(setup: Setup) -> None:
    findings = await examine(setup.settings, now=setup.now)

    assert [one for one in findings if one.grade >= Grade.WARNING] == []
    assert {
        "schema",
        "slack token",
        "slack scopes",
        "clock",
        "app token",
        "people",
        "channels",
        "disk",
        "list prices",
    } <= {one.check for one in findings}


async def no_bot_token(setup: Setup) -> None:
    setup.change(slack_bot_token=None)


async def a_revoked_token(setup: Setup) -> None:
    setup.box.bench.grants.revoked = True


async def an_app_token_in_place_of_the_bot_token(setup: Setup) -> None:
    setup.change(slack_bot_token=setup.settings.slack_app_token)


async def a_missing_scope(setup: Setup) -> None:
    setup.box.scopes.discard("files:write")


async def a_wrong_app_token(setup: Setup) -> None:
    setup.change(slack_app_token=SecretStr("xapp-1-wrong"))


async def no_way_in(setup: Setup) -> None:
    setup.change(slack_app_token=None)


async def slack_out_of_reach(setup: Setup) -> None:
    setup.change(slack_api_url="http://127.0.0.1:9/api/")


async def a_clock_that_is_wrong(setup: Setup) -> None:
    setup.now += timedelta(minutes=7)


async def a_schema_of_an_earlier_version(setup: Setup) -> None:
    await setup.run("UPDATE alembic_version SET version_num = '0005'")


async def a_schema_of_a_later_version(setup: Setup) -> None:
    await setup.run("UPDATE alembic_version SET version_num = '9999'")


async def a_database_that_does_not_answer(setup: Setup) -> None:
    setup.change(outlay_database_url="postgresql://outlay@127.0.0.1:9/outlay")


async def another_time_zone(setup: Setup) -> None:
    setup.change(outlay_timezone="Europe/Berlin")


async def a_silent_source(setup: Setup) -> None:
    await setup.run("UPDATE source_days SET latest_arrival_at = latest_arrival_at - 400000000000, day = day - 5")


async def no_source_at_all(setup: Setup) -> None:
    await setup.run("DELETE FROM source_days")
    await setup.run("UPDATE sources SET scopes = 'guard'")


async def a_guard_token_that_ended(setup: Setup) -> None:
    await setup.token("old-gateway", "guard", days=1, now=setup.now - timedelta(days=3))


async def a_model_without_a_price(setup: Setup) -> None:
    number = (await source_for(setup.uow, await setup.token("lab", "usage"), "usage", now=setup.now)).id
    await Bookkeeper(setup.uow).record(
        number, [(0, an_event(at=setup.now, model="house-llm", provider="acme"))], now=setup.now
    )


async def somebody_who_left(setup: Setup) -> None:
    await setup.run(f"UPDATE envelopes SET sponsor = '{LEFT}'")
    assert setup.box.bench.workspace.users[LEFT].deleted


async def a_channel_without_outlay(setup: Setup) -> None:
    setup.box.bench.workspace.channels["C0BUDGET"].members.remove("U0OUTLAY")


async def an_archived_channel(setup: Setup) -> None:
    setup.box.bench.workspace.channels["C0BUDGET"].is_archived = True


async def a_notice_that_was_parked(setup: Setup) -> None:
    async with setup.uow.write() as tx:
        await tx.outbox.add("k", "digest", "C0BUDGET", facts={}, at=setup.now)
    await setup.run("UPDATE outbox SET parked_because = 'is_archived' WHERE kind = 'digest'")


async def notices_that_nobody_sends(setup: Setup) -> None:
    async with setup.uow.write() as tx:
        await tx.outbox.add("k", "digest", "C0BUDGET", facts={}, at=setup.now - timedelta(hours=3))


BROKEN = [
    (no_bot_token, "slack token", "not set", "SLACK_BOT_TOKEN=xoxb-"),
    (a_revoked_token, "slack token", "token_revoked", "SLACK_BOT_TOKEN=xoxb-"),
    (an_app_token_in_place_of_the_bot_token, "slack token", "not a bot's token", "SLACK_BOT_TOKEN=xoxb-"),
    (a_missing_scope, "slack scopes", "files:write", "app.yaml"),
    (a_wrong_app_token, "app token", "invalid_auth", "SLACK_APP_TOKEN=xapp-"),
    (no_way_in, "way in", "Neither", "SLACK_APP_TOKEN=xapp-"),
    (slack_out_of_reach, "slack", "does not answer", "curl -sS"),
    (a_clock_that_is_wrong, "clock", "ahead of Slack's", "timedatectl"),
    (a_schema_of_an_earlier_version, "schema", "0005", "outlay migrate"),
    (a_schema_of_a_later_version, "schema", "does not know", "newer version"),
    (a_database_that_does_not_answer, "database", "does not answer", "pg_isready -h 127.0.0.1 -p 9"),
    (another_time_zone, "time zone", "cut in UTC", "OUTLAY_TIMEZONE=UTC"),
    (a_silent_source, "source sdk", "silent", "/budget sources"),
    (no_source_at_all, "sources", "Nothing sends usage", "outlay token create"),
    (a_guard_token_that_ended, "token old-gateway", "ended on", "outlay token create old-gateway-2 --scope guard"),
    (a_model_without_a_price, "unpriced models", "house-llm (1 requests", "/budget price house-llm"),
    (somebody_who_left, "people", LEFT, "/budget set search"),
    (a_channel_without_outlay, "channels", "not a member of <#C0BUDGET>, which search posts to", "/invite @outlay"),
    (an_archived_channel, "channels", "is archived", "/budget set search channel="),
    (a_notice_that_was_parked, "outbox", "1 × is_archived", "outlay run"),
    (notices_that_nobody_sends, "outbox", "the oldest for 180 minutes", "outlay run"),
]


@pytest.mark.parametrize(("arrange", "check", "fact", "mend"), BROKEN, ids=[row[0].__name__ for row in BROKEN])
async def test_what_is_broken_is_named_with_its_mend(
    setup: Setup, arrange: Callable[[Setup], Awaitable[None]], check: str, fact: str, mend: str
) -> None:
    await arrange(setup)

    findings = await examine(setup.settings, now=setup.now)

    (found,) = [one for one in findings if one.check == check and one.grade >= Grade.WARNING]
    assert fact in found.what
    assert mend in found.mend
    assert found.why
    assert worst(findings) >= Grade.WARNING


async def test_prices_that_are_old_are_told(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    old = list_prices.newest_price_on(setup.now.date())
    setup.now = datetime(old.year, old.month, old.day, tzinfo=UTC) + timedelta(days=90)
    monkeypatch.setattr("core.services.examine_books.newest_price_on", lambda today: old)

    findings = await examine(setup.settings, now=setup.now)

    assert [one.grade for one in findings if one.check == "list prices"] == [Grade.WARNING]


async def test_looking_changes_nothing(setup: Setup) -> None:
    await a_schema_of_an_earlier_version(setup)

    await examine(setup.settings, now=setup.now)

    async with setup.uow.read() as tx:
        assert await tx.connection.scalar(text("SELECT version_num FROM alembic_version")) == "0005"
    assert [one for one in setup.box.bench.traffic.entries() if one.get("method") == "chat.postMessage"] == []


async def test_the_command_prints_json_and_its_exit_code_says_how_bad_it_is(setup: Setup, tmp_path: Path) -> None:
    setup.box.scopes.discard("files:write")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OUTLAY_", "SLACK_"))}
    told = {
        "SLACK_BOT_TOKEN": setup.box.bot_token, "SLACK_API_URL": setup.box.api_url, "SLACK_APP_TOKEN": setup.box.app_token,
        "OUTLAY_DATABASE_URL": setup.settings.outlay_database_url,
    }  # fmt: skip
    words = [sys.executable, "-m", "bot", "doctor", "--json"]
    root = str(Path(__file__).parents[2])

    done = await asyncio.to_thread(
        subprocess.run, words, env={**kept, **told, "PYTHONPATH": root}, cwd=tmp_path, capture_output=True, text=True
    )

    assert done.returncode == 2, done.stderr
    grades = {one["check"]: one["grade"] for one in json.loads(done.stdout)}
    assert (grades["slack scopes"], grades["slack token"]) == ("broken", "fine")


def test_the_scopes_looked_for_are_those_of_the_manifest() -> None:
    manifest = Path("app.yaml").read_text(encoding="utf-8")
    needed, _, optional = manifest.partition("bot_optional:")
    scopes = [
        line.strip(" -") for line in needed.partition("    bot:")[2].splitlines() if line.strip().startswith("- ")
    ]
    more = [
        line.strip(" -") for line in optional.partition("settings:")[0].splitlines() if line.strip().startswith("- ")
    ]

    assert (tuple(scopes), tuple(more)) == (NEEDED_SCOPES, OPTIONAL_SCOPES)
