"""The commands of `outlay`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Final

import typer

from bot.cli.on_demand import OnDemand
from bot.cli.running import let_answers_through, started, until_signalled

app = typer.Typer(
    name="outlay", cls=OnDemand, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="Runs a company's AI budget from Slack: an envelope per workload, with people who answer for it.",
)  # fmt: skip
_DEMO_PORT: Final = 8300


@app.command()
def run() -> None:
    """Run the bot against the Slack workspace named in the environment or `.env`."""
    from bot.log_lines import log_to_stderr
    from bot.service import Service
    from bot.settings import load_settings

    log_to_stderr()
    let_answers_through()
    service = Service(load_settings())

    async def serve() -> None:
        signalled = asyncio.create_task(until_signalled())
        try:
            if await started(service.start(), signalled):
                print(f"ready {service.url}", flush=True)  # noqa: T201 - promised to scripts
                await signalled
        finally:
            await service.stop()

    asyncio.run(serve())


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="Port of the workspace's page; 0 takes a free one.")] = _DEMO_PORT,
    state: Annotated[
        Path | None, typer.Option(help="Folder to keep the demo in; without it everything is thrown away.")
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open the page.")] = False,
) -> None:
    """Try Outlay in a Slack-like workspace in the browser, with real-shaped usage; no Slack account needed."""
    from bot.demo import run_demo

    asyncio.run(run_demo(port=port, state=state, browser=not no_browser))
