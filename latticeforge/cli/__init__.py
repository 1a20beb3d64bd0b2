"""The `lf` command: one module per group of commands, no logic of its own.

Here: putting the commands together, and turning a known fault into one clear line. Not here: what a command does.
"""

from __future__ import annotations

import sys

import typer

app = typer.Typer(
    name="lf",
    help="LatticeForge, an open narrative radar. It measures timing, never motive.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def main() -> None:
    """Entry point: run a command; a fault with a message becomes one line on stderr and exit code 1."""
    app()


if __name__ == "__main__":
    sys.exit(main())
