"""The scores that a table is made from: of which trainings, and what their file is called."""

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

    trainings: which, from a study's design: a function that a module has under its own name.
    majority: whether those of the constant answers too. part: the name of the scores' file, where
    it is not the table's. older_part: that name in studies of earlier versions, where it was
    another one.
    """

    trainings: Callable[[Design], list[TrainingName]]
    majority: bool = False
    part: str = ""
    older_part: str = ""

    def __post_init__(self) -> None:
        if self.trainings.__name__ == "<lambda>":
            raise BadInput("trainings: the job that scores them asks by name; write a function")

    @property
    def file(self) -> Path:
        """The file of the code that lists the trainings."""
        return Path(self.trainings.__code__.co_filename)

    def predictions(self, files: Results, design: Design) -> list[str]:
        """The predictions that are scored; sorted, each once.

        The rule that scores them and the command it calls both ask here: so many paths do not fit
        into a command line.
        """
        paths = {files.predictions(training) for training in self.trainings(design)}
        if self.majority:
            paths |= {files.majority(task) for task in design.tasks}
        return sorted(paths)
