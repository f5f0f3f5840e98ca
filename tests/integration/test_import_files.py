"""`outlay import`: nothing counts twice, nothing good is lost, and what is refused is listed where anybody can read it."""

from __future__ import annotations

import asyncio
import csv
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bot.importing import importer
from bot.importing.importer import Imported, Importer
from core.errors import BudgetError, NameTaken, Unreadable
from core.services.manage_tokens import create_token
from core.services.record_usage import Bookkeeper
from core.store.unit_of_work import UnitOfWork
from tests.support.books import FARAH, NOON, a_payload, agreed
from tests.support.tables import number_of

HEADER = "id,at,provider,model,input_tokens,feature"


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importer, "CHUNK", 10)


async def imports(uow: UnitOfWork, path: Path, source: str = "import") -> Imported:
    return await Importer(uow, Bookkeeper(uow), lambda: NOON).run(path, source, moved=lambda at, size: None)


def row(number: int, **cells: str) -> str:
    given = {
        "id": f"r{number}",
        "at": "2026-11-24T12:00:00Z",
        "provider": "openai",
        "model": "gpt-4.1",
        "input_tokens": "5",
        "feature": "web",
    }
    return ",".join((given | cells).values())


def a_csv(folder: Path, *rows: str, name: str = "usage.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes("\n".join((HEADER, *rows, "")).encode(encoding))
    return path


def refusals(done: Imported) -> list[tuple[int, str, str]]:
    assert done.rejects is not None
    with done.rejects.open(encoding="utf-8", newline="") as handle:
        return [(int(line["line"]), line["id"], line["reason"]) for line in csv.DictReader(handle)]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
async def test_every_format_imports_the_same_events(uow: UnitOfWork, tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"usage.{kind}"
    rows = [{**a_payload(), "feature": "search"} for _ in range(25)]
    if kind == "csv":
        with path.open("w", newline="") as handle:
            writer = csv.DictWriter(handle, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    elif kind == "jsonl":
        nested = [
            {name: value for name, value in event.items() if name != "feature"} | {"tags": {"feature": "search"}}
            for event in rows
        ]
        path.write_text("\n".join(map(json.dumps, nested)))
    else:
        pq.write_table(pa.Table.from_pylist(rows), path)

    done = await imports(uow, path)

    assert (done.progress.accepted, done.progress.rejected, done.rejects) == (25, 0, None)
    assert await agreed(uow) == (25, 25 * 2_800_000, 25 * 100)
    assert await number_of(uow, "SELECT count(*) FROM series WHERE feature = 'search'") == 1


async def test_a_file_imported_again_counts_nothing(uow: UnitOfWork, tmp_path: Path) -> None:
    path = a_csv(tmp_path, *(row(number) for number in range(25)))
    await imports(uow, path)

    again = await imports(uow, path.rename(tmp_path / "moved.csv"))

    assert again.resumed_at == 25
    assert (await agreed(uow))[0] == 25


async def test_a_file_that_grew_counts_what_is_new(uow: UnitOfWork, tmp_path: Path) -> None:
    await imports(uow, a_csv(tmp_path, *(row(number) for number in range(25))))

    done = await imports(uow, a_csv(tmp_path, *(row(number) for number in range(30))))

    assert (done.progress.accepted, done.progress.duplicates) == (5, 25)
    assert (await agreed(uow))[0] == 30


async def test_an_event_in_two_files_counts_once_under_one_source_and_twice_under_two(
    uow: UnitOfWork, tmp_path: Path
) -> None:
    one, other = a_csv(tmp_path, row(1), row(2)), a_csv(tmp_path, row(2), row(3), name="other.csv")

    await imports(uow, one)
    await imports(uow, other)
    assert (await agreed(uow))[0] == 3

    await imports(uow, other, source="elsewhere")
    assert (await agreed(uow))[0] == 5


async def test_refused_rows_are_listed_by_line_and_the_rest_counts(uow: UnitOfWork, tmp_path: Path) -> None:
    path = a_csv(
        tmp_path,
        row(1),
        "too,short",
        row(3, input_tokens="-5"),
        row(1, input_tokens="6"),
        row(5, at="2031-01-01T00:00:00Z"),
        row(6),
    )

    done = await imports(uow, path)

    assert (done.progress.accepted, done.progress.duplicates, done.progress.rejected) == (2, 1, 3)
    assert refusals(done) == [
        (3, "", "2 cells where the header has 6"),
        (4, "r3", "input_tokens: expected int >= 0"),
        (
            5,
            "r1",
            "id r1 was recorded before with different content; the first one counts. Send a correction under a new id",
        ),
        (6, "r5", "at 2031-01-01T00:00:00+00:00 lies in the future; check the sender's clock"),
    ]


async def test_a_refused_formula_cannot_run_in_a_spreadsheet(uow: UnitOfWork, tmp_path: Path) -> None:
    path = a_csv(
        tmp_path,
        row(1, id="=cmd|' /C calc'!A0", input_tokens="x"),
        row(2, id="@SUM(1)", input_tokens="x"),
        name="=1+1.csv",
    )

    done = await imports(uow, path)

    assert [cells[1] for cells in refusals(done)] == ["'=cmd|' /C calc'!A0", "'@SUM(1)"]
    assert done.rejects is not None
    assert done.rejects.read_text().splitlines()[1].startswith("'=1+1.csv,")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty", b"", "is empty"),
        ("blank", b" \n\n ", "is empty"),
        ("array", b'[{"id": 1}]', "neither CSV in UTF-8"),
        ("picture", b"\x89PNG\r\n\x1a\n\x00\x00\x00", "neither CSV in UTF-8"),
        ("utf16", "id,at,provider,model".encode("utf-16"), "Save it as CSV in UTF-8"),
        ("cut parquet", b"PAR1" + b"\x01" * 50, "not a Parquet file that can be read"),
        ("wrong header", b"timestamp,cost\n1,2\n", "no column for model"),
        ("two ids", b"id,at,provider,model,id\n", "more than one column id"),
        ("a page", b"<html></html>", "neither CSV in UTF-8"),
    ],
)
async def test_a_file_that_is_no_usage_is_refused_as_a_whole(
    uow: UnitOfWork, tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(Unreadable, match=says):
        await imports(uow, path)
    assert await agreed(uow) == (0, 0, 0)


async def test_a_file_that_is_not_there_is_a_refusal(uow: UnitOfWork, tmp_path: Path) -> None:
    for path in (tmp_path / "missing.csv", tmp_path):
        with pytest.raises(Unreadable, match="cannot be read"):
            await imports(uow, path)


async def test_rows_that_are_not_utf8_are_refused_and_the_others_count(uow: UnitOfWork, tmp_path: Path) -> None:
    done = await imports(uow, a_csv(tmp_path, row(1), row(2, feature="café"), row(3), encoding="latin-1"))

    assert done.progress.accepted == 2
    assert refusals(done) == [(3, "", "it holds bytes that are not UTF-8; save the file as UTF-8")]


async def test_a_windows_table_with_nul_and_byte_order_mark_is_read(uow: UnitOfWork, tmp_path: Path) -> None:
    path = tmp_path / "windows.csv"
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join((HEADER, row(1), "", row(2, id="a\x00b"), row(3))).encode())

    done = await imports(uow, path)

    assert done.progress.accepted == 2
    assert [cells[2] for cells in refusals(done)] == ["a text holds a NUL character; send it without"]


async def test_a_line_that_never_ends_does_not_fill_the_memory(uow: UnitOfWork, tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    path.write_text("\n".join((json.dumps(a_payload()), '{"id": "' + "x" * (40 << 20), json.dumps(a_payload()))))

    done = await imports(uow, path)

    assert done.progress.accepted == 2
    assert [cells[0] for cells in refusals(done)] == [2]


async def test_odd_types_in_a_parquet_file_are_read_or_refused_row_by_row(uow: UnitOfWork, tmp_path: Path) -> None:
    path = tmp_path / "odd.parquet"
    count = 3
    pq.write_table(
        pa.table({
            "id": pa.array(range(count), pa.int64()),
            "at": pa.array([NOON] * count, pa.timestamp("ns", "UTC")),
            "provider": pa.array(["openai"] * count).dictionary_encode(),
            "model": pa.array(["gpt-4.1", "gpt-4.1", None]),
            "input_tokens": pa.array([5.0, float("nan"), 1.0]),
            "output_tokens": pa.array([1, None, 2], pa.uint16()),
            "tags": pa.array([[("feature", "web")]] * count, pa.map_(pa.string(), pa.string())),
            "blob": pa.array([b"\x00"] * count),
        }),
        path,
    )  # fmt: skip

    done = await imports(uow, path)

    assert done.progress.accepted == 2
    assert refusals(done) == [(3, "2", "missing model")]
    assert await number_of(uow, "SELECT sum(input_uncached) FROM usage_events") == 5
    assert await number_of(uow, "SELECT count(*) FROM series WHERE feature = 'web'") == 1


async def test_the_name_of_a_token_is_refused_for_an_import(uow: UnitOfWork, tmp_path: Path) -> None:
    await create_token(uow, "gateway", frozenset({"usage"}), by=FARAH, now=NOON)

    with pytest.raises(NameTaken, match="--source"):
        await imports(uow, a_csv(tmp_path, row(1)), source="gateway")


async def test_progress_moves_to_the_size_of_the_file(uow: UnitOfWork, tmp_path: Path) -> None:
    path = a_csv(tmp_path, *(row(number) for number in range(35)))
    seen: list[tuple[int, int]] = []

    await Importer(uow, Bookkeeper(uow), lambda: NOON).run(
        path, "import", moved=lambda at, size: seen.append((at, size))
    )

    assert len(seen) == 4
    assert seen == sorted(seen)
    assert seen[-1] == (path.stat().st_size, path.stat().st_size)


class Crash(BaseException):
    """The process ends here: nothing that follows runs, not even in an `except Exception`."""


@pytest.mark.parametrize("step", ["before the mark", "before the chunk"])
async def test_an_import_that_died_goes_on_and_lists_each_refusal_once(
    uow: UnitOfWork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = a_csv(tmp_path, *(row(number) if number % 4 else row(number, input_tokens="x") for number in range(45)))
    place = {"before the mark": (importer.Importer, "_mark"), "before the chunk": (Bookkeeper, "record")}[step]
    original, calls = getattr(*place), iter(range(9))

    async def dies(*given: Any, **named: Any) -> Any:
        if next(calls) == 2:
            raise Crash
        return await original(*given, **named)

    monkeypatch.setattr(*place, dies)
    with pytest.raises(Crash):
        await imports(uow, path)
    monkeypatch.setattr(*place, original)

    done = await imports(uow, path)

    assert done.resumed_at == 20
    assert done.progress.accepted + done.progress.duplicates == 33
    assert (await agreed(uow))[0] == 33
    assert [cells[0] for cells in refusals(done)] == [2 + number for number in range(0, 45, 4)]


async def test_two_imports_of_one_file_at_once_count_it_once(uow: UnitOfWork, tmp_path: Path) -> None:
    path = a_csv(tmp_path, *(row(number) for number in range(60)))

    outcomes = await asyncio.gather(imports(uow, path), imports(uow, path), return_exceptions=True)

    assert not [
        outcome for outcome in outcomes if isinstance(outcome, BaseException) and not isinstance(outcome, BudgetError)
    ]
    assert (await agreed(uow))[0] == 60
