"""`python -m bot` and the installed command `outlay`."""

from __future__ import annotations

import sys

from bot.cli.app import app
from core.errors import BudgetError


def main() -> None:
    """Run the command line; a refusal is one line on stderr and exit code 2."""
    try:
        app()
    except BudgetError as refused:
        print(f"outlay: {refused.message}", file=sys.stderr)  # noqa: T201 - this is the command line
        if refused.correction:
            print(f"  try: {refused.correction}", file=sys.stderr)  # noqa: T201
        sys.exit(2)


if __name__ == "__main__":
    main()
