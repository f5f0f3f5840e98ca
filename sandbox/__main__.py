"""`python -m sandbox [--port 8300] [--request-url URL]`: the workspace alone, until interrupted."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from sandbox.box import Sandbox


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="A Slack workspace on your own machine.")
    parser.add_argument("--port", type=int, default=8300, help="port on 127.0.0.1 (default 8300; 0 takes a free one)")
    parser.add_argument("--request-url", help="where the app takes deliveries over HTTP; not needed for Socket Mode")
    parser.add_argument("--state", metavar="DIR", help="keep messages and files in this folder")
    parser.add_argument("--command", action="append", help="a slash command that exists (default /budget)")
    asked = parser.parse_args()
    asyncio.run(run(asked))


async def run(asked: argparse.Namespace) -> None:
    """Runs until SIGINT or SIGTERM."""
    box = Sandbox(request_url=asked.request_url, state_dir=asked.state, commands=asked.command or ("/budget",))
    try:
        await box.start(asked.port)
    except OSError as taken:
        sys.exit(
            f"Port {asked.port} cannot be used ({taken.strerror}). Choose another with --port, or 0 for a free one."
        )
    lines = [
        f"ready {box.url}",
        f"SLACK_API_URL={box.api_url}",
        f"SLACK_BOT_TOKEN={box.bot_token}",
        f"SLACK_APP_TOKEN={box.app_token}",
        f"SLACK_SIGNING_SECRET={box.signing_secret}",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, ended.set)
    await ended.wait()
    await box.stop()


if __name__ == "__main__":
    main()
