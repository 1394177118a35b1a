"""The command `tickets`: check, explain and exchange a study's files, outside the workflow."""

from __future__ import annotations

import argparse
import os
import sys
from types import ModuleType

from tickets import axes
from tickets.errors import Tampered, TicketsError

COMMANDS: dict[str, ModuleType] = dict(
    sorted(
        ((name, axes.module_of("commands", name)) for name in axes.names("commands")),
        key=lambda each: each[1].POSITION,
    )
)
"""The modules of `commands` by their names.

Each has `POSITION`, its place in the list of commands, `add_flags(parser)` and `run(flags)`, which
returns the number of findings. Its docstring is its help: the first line in the list of commands,
the examples at the end. The help imports all of them: what the extra `study` installs is therefore
imported in functions.
"""

EXAMPLES = "\n\nExamples:\n"
"""The heading of the examples in each docstring."""

NO_READER = 141
"""The exit status, in shells, of a program that SIGPIPE ended."""


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
    """Run one command. Exit status: 0 no finding, 1 findings, 2 wrong use."""
    try:
        try:
            status = _status()
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # the reader has closed the pipe: `tickets show MASK | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = NO_READER
    raise SystemExit(status)


def _status() -> int:
    flags = parser().parse_args()
    try:
        return min(COMMANDS[flags.command].run(flags), 1)
    except TicketsError as error:
        print(error.report(), file=sys.stderr)
        return 1 if isinstance(error, Tampered) else 2
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in ("", __package__):
            raise
        line = f"error: tickets {flags.command} needs {missing}; install bert-tickets[study]"
        print(line, file=sys.stderr)
        return 2


if __name__ == "__main__":
    main()
