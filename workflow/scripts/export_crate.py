"""Rule crate: describe a finished study as a Workflow Run RO-Crate, in its folder of exports."""

from __future__ import annotations

import json
from dataclasses import dataclass

from tickets import flags
from tickets.errors import run
from tickets.exchange import crate
from tickets.flags import flag
from tickets.paths import Results


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """Which study."""

    results: str = flag("the study's results folder")
    config: str = flag("the configuration of the study (JSON)")


def main() -> None:
    study = flags.parse(__doc__, Arguments)
    crate.write(Results(root=study.results), json.loads(study.config), crate.agent())


if __name__ == "__main__":
    run(main)
