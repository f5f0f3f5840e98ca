"""Files that are not in Outlay's own columns: tables with names of their own, captured payloads, bills."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.importing.files import Agree, nobody_agrees
from bot.importing.importer import Imported, Importer
from core.errors import Unreadable
from core.services.record_usage import Bookkeeper
from core.store.unit_of_work import UnitOfWork
from tests.support.books import NOON, agreed


async def imports(uow: UnitOfWork, path: Path, *, source: str = "test", agree: Agree = nobody_agrees) -> Imported:
    importer = Importer(uow, Bookkeeper(uow), lambda: NOON)
    return await importer.run(path, source, moved=lambda at, size: None, agree=agree)


async def test_a_table_with_names_of_its_own_is_imported_once_somebody_agrees(uow: UnitOfWork, tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(
        "request_id,timestamp,model_name,prompt_tokens,completion_tokens,team_name,notes\n"
        "a,2026-11-24T10:00:00Z,gpt-4.1,1000,100,search,the secret prompt\n"
        "b,2026-11-24T11:00:00Z,gpt-4.1,2000,200,search,another\n"
    )
    shown: list[str] = []

    def agree(lines: Sequence[str]) -> bool:
        shown.extend(lines)
        return True

    with pytest.raises(Unreadable, match="--yes"):
        await imports(uow, path)
    done = await imports(uow, path, agree=agree)

    assert any(line.startswith("input_tokens") and line.endswith("prompt_tokens") for line in shown)
    assert any("left out: notes" in line for line in shown)
    assert (done.progress.accepted, done.progress.rejected) == (2, 0)
    assert (await agreed(uow))[2] == 300


async def test_a_captured_payload_is_imported_like_any_file(uow: UnitOfWork) -> None:
    capture = Path(__file__).parents[1] / "fixtures" / "intake" / "otlp" / "sdk-anthropic.traces.pb"

    first, again = await imports(uow, capture), await imports(uow, capture, source="elsewhere")

    assert (first.progress.accepted, again.progress.accepted, again.progress.duplicates) == (2, 0, 2)
    assert (await agreed(uow))[0] == 2


async def test_a_bill_is_not_taken_for_usage(uow: UnitOfWork) -> None:
    bill = Path(__file__).parents[1] / "fixtures" / "intake" / "focus" / "focus-1.2-llm-bill.csv"

    with pytest.raises(Unreadable, match="a bill, not usage"):
        await imports(uow, bill)
