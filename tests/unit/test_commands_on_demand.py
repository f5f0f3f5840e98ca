"""The command line imports what a command needs when it is asked for, and loses none of the commands."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pkgutil import iter_modules

import typer
from typer.main import get_group

import bot.cli
from bot.cli.app import app


def test_every_command_that_a_module_registers_is_offered() -> None:
    own = typer.Typer()
    for module in iter_modules(bot.cli.__path__):
        if hasattr(found := import_module(f"bot.cli.{module.name}"), "add_to"):
            found.add_to(own)
    group = get_group(app)
    context = typer.Context(group)

    assert set(get_group(own).commands) | {"run", "demo"} == set(group.list_commands(context))
    assert all(group.get_command(context, name) is not None for name in group.list_commands(context))


def test_the_command_line_is_there_before_pandas_and_the_charts_are() -> None:
    heavy = "import sys, bot.cli.app; print([one for one in ('pandas', 'matplotlib', 'slack_bolt', 'alembic') if one in sys.modules])"
    said = subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True, check=True).stdout

    assert said == "[]\n"
