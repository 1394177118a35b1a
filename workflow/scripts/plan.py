"""Rule plan: print a study's trainings, hours and disk, before anything runs."""

from __future__ import annotations

import json
from dataclasses import dataclass

from tickets import flags
from tickets.design import config, plan
from tickets.errors import run
from tickets.flags import flag


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """Which study, and where."""

    config: str = flag("the study's configuration, as JSON")
    at_once: int = flag("trainings at a time")


def main() -> None:
    arguments = flags.parse(__doc__, Arguments)
    print(plan.text(config.load(json.loads(arguments.config)), arguments.at_once))


if __name__ == "__main__":
    run(main)
