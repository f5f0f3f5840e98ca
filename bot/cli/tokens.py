"""`outlay token`: make, list and revoke ingest tokens."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from bot.settings import load_settings
from bot.wiring import open_store, system_clock
from core.services.manage_tokens import create_token, list_tokens, revoke_token
from core.store.unit_of_work import UnitOfWork

app = typer.Typer(no_args_is_help=True, help="Make, list and revoke the tokens with which machines send usage.")
T = TypeVar("T")


def add_to(group: typer.Typer) -> None:
    """Register the commands."""
    group.add_typer(app, name="token")


def with_books(act: Callable[[UnitOfWork], Awaitable[T]], *, to_rebuild: bool = False) -> T:
    """Open the books named in the settings, act, close them."""

    async def work() -> T:
        uow = await open_store(load_settings(), to_rebuild=to_rebuild)
        try:
            return await act(uow)
        finally:
            await uow.close()

    return asyncio.run(work())


def operator() -> str:
    """Who acts on the command line, for the audit: `cli:` and the account's name."""
    return f"cli:{getpass.getuser()}"


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What sends with it, for example gateway-prod.")],
    scope: Annotated[str, typer.Option(help="Comma separated: usage, guard, read.")] = "usage",
    days: Annotated[int | None, typer.Option(help="Days until it expires; without it, until revoked.")] = None,
) -> None:
    """Make a token and print it, this once."""
    scopes = frozenset(part.strip() for part in scope.split(",") if part.strip())
    token = with_books(lambda uow: create_token(uow, name, scopes, by=operator(), now=system_clock(), days=days))
    print(token)  # noqa: T201 - alone on stdout, as scripts expect


@app.command("list")
def show() -> None:
    """List tokens and imports; never the tokens themselves."""
    table = Table("name", "scopes", "created", "expires", "state", box=None)
    for source in with_books(list_tokens):
        state = "revoked" if source.revoked_at else "token" if source.has_token else "import"
        expires = f"{source.expires_at:%Y-%m-%d}" if source.expires_at else ""
        table.add_row(source.name, ", ".join(sorted(source.scopes)), f"{source.created_at:%Y-%m-%d}", expires, state)
    Console().print(table)


@app.command()
def revoke(name: str) -> None:
    """Stop a token at once. What it sent stays in the books."""
    with_books(lambda uow: revoke_token(uow, name, by=operator(), now=system_clock()))
    print(f"revoked {name}")  # noqa: T201
