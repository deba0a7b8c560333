"""What the commands share: options, exit codes, progress on standard error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from rescuesim.errors import Fault

__all__ = [
    "BAD_INPUT",
    "DONE",
    "FAULT",
    "INFEASIBLE",
    "NO_SOLUTION",
    "Json",
    "Lang",
    "Language",
    "exit_code",
    "watching",
    "wide_console",
]

DONE, FAULT, BAD_INPUT, INFEASIBLE, NO_SOLUTION = 0, 1, 2, 3, 4  # and 130, which typer gives, if interrupted
_TABLE_WIDTH = 80


class Language(StrEnum):
    """Language of tables, page and figure."""

    zh = "zh"
    en = "en"


Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]
Lang = Annotated[Language, typer.Option("--lang", help="Language of tables, page and figure.")]


def wide_console() -> Console:
    """Return a console wide enough for the table, whatever the window says."""
    console = Console(soft_wrap=True)
    console.width = max(console.width, _TABLE_WIDTH)
    return console


def exit_code(faults: Sequence[Fault]) -> int:
    """Return the exit code that some faults call for."""
    if not faults:
        return DONE
    return INFEASIBLE if all(fault.infeasible for fault in faults) else BAD_INPUT


@contextmanager
def watching(quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Show progress on standard error, so that standard output can be piped."""
    console = Console(stderr=True, quiet=quiet)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=quiet) as bars:
        tasks: dict[str, TaskID] = {}

        def tell(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield tell
