"""The command `tickets`: what a user asks of files, outside the workflow."""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

from tickets.errors import Tampered, TicketsError


def _commands() -> dict[str, ModuleType]:
    files = (Path(__file__).parent / "commands").glob("[!_]*.py")
    modules = [import_module(f"tickets.commands.{file.stem}") for file in files]
    modules.sort(key=lambda module: (module.POSITION, module.__name__))
    return {module.__name__.rpartition(".")[2].rstrip("_"): module for module in modules}


COMMANDS = _commands()
"""The modules of `commands` by their names, the _ after a word of Python left out.

Each has `POSITION`, its place among them, `add_flags(parser)` and `run(flags)`, which gives how
many findings there are. Its docstring is its help: the first line in the list of commands, the
examples at the end.
"""

EXAMPLES = "\n\nExamples:\n"
"""What stands in each docstring before the commands that its help shows as examples."""

NO_READER = 141
"""The exit status of a program that SIGPIPE ended, as shells give it."""


def parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    whole = argparse.ArgumentParser(
        prog="tickets", description=__doc__, epilog="`tickets COMMAND --help` has examples."
    )
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module in COMMANDS.items():
        text, _, examples = (module.__doc__ or "").partition(EXAMPLES)
        command = commands.add_parser(
            name,
            help=text.splitlines()[0],
            description=text,
            epilog=f"examples:\n{examples.rstrip()}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_flags(command)
    return whole


def main() -> None:
    """Run one command. Exit status: 0 all is well, 1 a finding, 2 wrong use."""
    try:
        try:
            status = _status()
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # who reads has seen enough: `tickets show MASK | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = NO_READER
    raise SystemExit(status)


def _status() -> int:
    flags = parser().parse_args()
    try:
        return min(COMMANDS[flags.command].run(flags), 1)
    except TicketsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1 if isinstance(error, Tampered) else 2


if __name__ == "__main__":
    main()
