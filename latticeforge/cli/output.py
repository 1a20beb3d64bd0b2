"""How commands speak: one clear line for a fault, JSON for programs, tables for people.

Here: consoles and exits. Not here: any work.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import typer
from rich.console import Console

if TYPE_CHECKING:
    from latticeforge.settings import Settings

out = Console()
err = Console(stderr=True)

BAD_INPUT = 2
FAILED = 1


def fail(message: str, code: int = FAILED) -> NoReturn:
    """Say what is wrong and what to do, in one line on stderr, and exit."""
    err.print(f"[bold red]lf:[/] {_escaped(message)}", highlight=False, soft_wrap=True)
    raise typer.Exit(code)


def print_json(data: Mapping[str, Any] | list[Any]) -> None:
    """One JSON document on stdout; times in ISO 8601."""
    sys.stdout.write(json.dumps(data, indent=2, default=str, ensure_ascii=False) + "\n")


@contextmanager
def known_faults() -> Iterator[None]:
    """Turn the faults that carry a message for people into one line and exit code 1."""
    from latticeforge.embedding.faults import EncoderFault
    from latticeforge.store.faults import StoreFault

    try:
        yield
    except (StoreFault, EncoderFault) as error:
        fail(str(error))


def load_settings() -> Settings:
    """The settings of the environment; one clear line where a variable has no usable value."""
    from pydantic import ValidationError

    from latticeforge.settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        variable = f"LF_{'_'.join(map(str, first['loc'])).upper()}"
        fail(f"{variable}: {first['msg']} (it is {first['input']!r}); docs/settings.md lists what it may be", BAD_INPUT)


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)
