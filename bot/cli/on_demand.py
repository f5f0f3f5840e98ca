"""Commands whose modules are imported only when they are asked for, so that `outlay token` need not wait for pandas."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_group

_MODULES: Final = {
    "token": "tokens", "import": "importing", "pull": "pull", "inspect": "inspect", "reconcile": "reconcile",
    "replay": "replay", "export": "exporting", "doctor": "doctor", "migrate": "books", "check": "books",
    "rebuild": "books", "release": "books",
}  # fmt: skip
"""Command → module of `bot.cli` whose `add_to` registers it."""


class OnDemand(TyperGroup):
    """The group of all commands; what `_MODULES` names is imported by the first call that needs it.

    `Any` stands for the types of the click that Typer carries inside and does not export.
    """

    def list_commands(self, ctx: Any) -> list[str]:
        return [*(name for name in super().list_commands(ctx) if name not in _MODULES), *_MODULES]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name in _MODULES and cmd_name not in self.commands:
            part = typer.Typer()
            import_module(f"bot.cli.{_MODULES[cmd_name]}").add_to(part)
            self.commands.update(get_group(part).commands)
        return super().get_command(ctx, cmd_name)
