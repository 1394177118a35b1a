"""The command `tickets`: what a user asks of files, outside the workflow."""

from __future__ import annotations

import argparse
import sys
from types import ModuleType

from tickets.commands import (
    audit,
    check,
    diff,
    export,
    import_mask,
    progress,
    prunable,
    show,
    sign,
    verify,
    why,
)
from tickets.errors import Tampered, TicketsError

COMMANDS: dict[str, ModuleType] = {
    "check": check,
    "progress": progress,
    "audit": audit,
    "verify": verify,
    "show": show,
    "why": why,
    "diff": diff,
    "prunable": prunable,
    "import": import_mask,
    "export": export,
    "sign": sign,
}
"""Each with `add_flags(parser)` and `run(flags)`, which gives how many findings there are; its
docstring is its help, the first line in the list of commands.
"""


def main() -> None:
    """Run one command. Exit status: 0 all is well, 1 a finding, 2 wrong use."""
    parser = argparse.ArgumentParser(prog="tickets", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module in COMMANDS.items():
        text = module.__doc__ or ""
        command = commands.add_parser(
            name,
            help=text.splitlines()[0],
            description=text,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_flags(command)
    flags = parser.parse_args()
    try:
        findings = COMMANDS[flags.command].run(flags)
    except TicketsError as error:
        print(f"error: {error}", file=sys.stderr)
        findings = 1 if isinstance(error, Tampered) else 2
        raise SystemExit(findings) from None
    raise SystemExit(min(findings, 1))
