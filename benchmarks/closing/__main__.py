"""Score the close on made-up months: `python -m benchmarks.closing [--cases 500] [--triples 200] [--first 1000]`.

Every case goes through `outlay reconcile … --json`, in this process. Progress and tables go to stderr, figures to stdout.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.closing.cases import Case, case, single_cases, triple_cases
from benchmarks.closing.month import CannotPlant
from benchmarks.closing.scoring import Answer, Tally, tables
from benchmarks.report import finish, say

Told = tuple[Case, dict[str, object] | str]


def reconciled(made: Case, folder: Path) -> dict[str, object] | str:
    """What `outlay reconcile` says about a case, or its refusal in words."""
    from typer.testing import CliRunner

    from bot.cli.app import app

    usage, bill = folder / "usage.jsonl", folder / f"bill{made.suffix}"
    usage.write_bytes(made.usage)
    bill.write_bytes(made.bill)
    arguments = ["reconcile", "--usage", str(usage), "--invoice", str(bill), "--provider", made.provider,
                 "--month", made.month, "--json"]  # fmt: skip
    ended = CliRunner().invoke(app, arguments)
    if ended.exit_code != 0:
        return (ended.output or repr(ended.exception)).strip() or f"exit code {ended.exit_code}"
    found: dict[str, object] = json.loads(
        ended.stdout.strip().splitlines()[-1] if "\n{" in ended.stdout else ended.stdout
    )
    return found


def _answered(wanted: tuple[int, tuple[str, ...], str | None, Path | None]) -> Told | None:
    """None for causes that fit into no month together."""
    seed, names, form, kept = wanted
    try:
        made = case(seed, names, form=form)
    except CannotPlant:
        return None
    with tempfile.TemporaryDirectory() as folder:
        told = reconciled(made, Path(folder))
    if kept:
        _keep(made, told, kept / f"{seed:04d}-{'+'.join(names)}")
    return made, told


def _keep(made: Case, told: object, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "usage.jsonl").write_bytes(made.usage)
    (folder / f"bill{made.suffix}").write_bytes(made.bill)
    truth = {"provider": made.provider, "month": made.month, "form": made.form, "planted_nanos": made.planted,
             "estimate_nanos": made.estimate_nanos, "invoice_nanos": made.invoice_nanos}  # fmt: skip
    (folder / "truth.json").write_text(json.dumps({"truth": truth, "told": told}, indent=1))


def score(answers: Iterable[Told | None]) -> Tally:
    """Add up what was told about each case; None is passed over."""
    tally = Tally()
    for answer in answers:
        if answer is None:
            continue
        made, told = answer
        if isinstance(told, str):
            tally.refuse(made, told)
        else:
            tally.add(made, Answer.of(told))
        if tally.cases % 50 == 0:
            say(f"{tally.cases} cases")
    return tally


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m benchmarks.closing", description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--cases", type=int, default=500, help="months with one planted cause")
    asked.add_argument("--triples", type=int, default=200, help="months with three planted causes")
    asked.add_argument("--first", type=int, default=0, help="number of the first case; others than before are unseen")
    asked.add_argument("--cause", help="only this cause, alone")
    asked.add_argument("--form", help="only this format of the bill")
    asked.add_argument("--jobs", type=int, default=1, help="processes")
    asked.add_argument("--json-dir", type=Path, help="keep every case with its truth and answer here")
    asked.add_argument("--misses", type=int, default=20, help="show so many misses")
    told = asked.parse_args()
    began = time.perf_counter()
    numbers = range(told.first, told.first + told.cases)
    ones = [(seed, (told.cause,)) for seed in numbers] if told.cause else single_cases(told.cases, told.first)
    threes = triple_cases(0 if told.cause else told.triples, told.first)
    singles, triples = (
        [(seed, names, told.form, told.json_dir) for seed, names in wanted] for wanted in (ones, threes)
    )
    if told.jobs > 1:
        with ProcessPoolExecutor(told.jobs) as pool:
            single, several = (score(pool.map(_answered, wanted, chunksize=4)) for wanted in (singles, triples))
    else:
        single, several = score(map(_answered, singles)), score(map(_answered, triples))
    for line in [*single.refused, *several.refused, *single.misses, *several.misses][: told.misses]:
        say(line)
    for line in tables(single, several):
        say(line)
    figures = {"one": single.figures(), "three": several.figures()}
    finish("closing", {**figures, "seconds": round(time.perf_counter() - began, 1)})


if __name__ == "__main__":
    main()
