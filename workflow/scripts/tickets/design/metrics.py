"""The scores that a table is made from: their trainings, and the name of their file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tickets.design.dag import Design
from tickets.errors import BadInput
from tickets.names import TrainingName
from tickets.paths import Results


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """The scores of trainings.

    trainings: a module's function that lists them, from a study's design. majority: whether to
    score constant answers too. part: the name of the scores' file, if it is not the table's.
    older_part: its name in studies of earlier versions, if it was another one.
    """

    trainings: Callable[[Design], list[TrainingName]]
    majority: bool = False
    part: str = ""
    older_part: str = ""

    def __post_init__(self) -> None:
        if self.trainings.__name__ == "<lambda>":
            raise BadInput(
                "trainings: a job calls it by its name; write a named function, not a lambda"
            )

    @property
    def file(self) -> Path:
        """The file of code that lists the trainings."""
        return Path(self.trainings.__code__.co_filename)

    def predictions(self, files: Results, design: Design) -> list[str]:
        """The predictions to score; sorted, each once.

        Both the rule that scores them and its command call this, as so many paths do not fit into a
        command line.
        """
        paths = {files.predictions(training) for training in self.trainings(design)}
        if self.majority:
            paths |= {files.majority(task) for task in design.tasks}
        return sorted(paths)
