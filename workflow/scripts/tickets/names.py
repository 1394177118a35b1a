"""Names of masks, weights and trainings as types, to and from the text in paths.

Rewinds and sparsities are labels in per cent, as in paths ("12.5"). A part that a name does not
have is empty; a seed is None.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

from tickets import schedule
from tickets.errors import BadInput
from tickets.meanings import FREEZE

# The forms of Snakemake's wildcards, and of the parts of names.
SEED = r"\d+"
PERCENT = r"\d+(\.\d+)?"
TASK = r"[a-z][a-z0-9_]*"
EVALUATION = 1000
"""What is added to a study's seed for the seed of evaluations, if they have one of their own."""
WINNING = {"winning": "within_std", "winning_strict": "strict"}  # by the part `at`: its criterion
SHUFFLES = ("within", "across_layers")
FORMS = {"task": TASK, "rewind": rf"rewind-{PERCENT}", "seed": rf"seed-{SEED}"}
"""The parts between finder and sparsity, in their order; a finder has some of them."""

_FOUND_ON = f"{FORMS['task']}/{FORMS['rewind']}/{FORMS['seed']}"
MASK = (
    rf"dense|(imp|layerwise)/{_FOUND_ON}/(sparsity-{PERCENT}|{'|'.join(WINNING)})"
    rf"|(?!(dense|imp|layerwise)/){TASK}(/{TASK})?(/{FORMS['rewind']})?(/{FORMS['seed']})?"
    rf"/sparsity-{PERCENT}"
)
WEIGHTS = (
    rf"theta_0|(reinit|shuffled_within|shuffled_across_layers)/seed-{SEED}"
    rf"|(theta_i|round)/{_FOUND_ON}(/sparsity-{PERCENT})?"
    rf"|trained/{TASK}/seed-{SEED}/sparsity-{PERCENT}"
)
MEANING = rf"(/{FREEZE})?"
"""What follows a mask in the name of a training in which pruned weights are frozen, not zero."""

ROUND_START = rf"round/{_FOUND_ON}/sparsity-{PERCENT}"
_LATER = r"[2-9]|[1-9]\d+"
OTHER_ORDER = rf"/order-({_LATER})"
ORDER = rf"({OTHER_ORDER})?"
"""The end of a training's name; empty but where its data have another order than the first."""
TRAINING = "{weights}/{mask}{meaning}/on-{task}/seed-{seed}{order}"
"""The name of a training, by its parts."""
FORM_OF_TRAINING = rf"({WEIGHTS})/({MASK}){MEANING}/on-{TASK}/seed-{SEED}{ORDER}"
_PARTS = re.compile(
    rf"(?P<first>{TASK})(/(?P<task>{TASK}(?=/)))?(/rewind-(?P<rewind>{PERCENT}))?"
    rf"(/seed-(?P<seed>{SEED}))?"
    rf"(/sparsity-(?P<sparsity>{PERCENT})|/(?P<at>{'|'.join(WINNING)}))?"
)
_TRAINING = re.compile(
    rf"(?P<weights>{WEIGHTS})/(?P<mask>{MASK})(/(?P<meaning>{FREEZE}))?"
    rf"/on-(?P<task>{TASK})/seed-(?P<seed>{SEED})(/order-(?P<order>{_LATER}))?"
)


@dataclass(frozen=True, kw_only=True)
class MaskName:
    """A mask: its finder, what it was found on, and its sparsity.

    `at` is one of `WINNING` for a mask at its source's highest winning sparsity; the name then does
    not give the sparsity.
    """

    finder: str
    task: str = ""
    rewind: str = ""
    seed: int | None = None
    sparsity: str = ""
    at: str = ""

    def __str__(self) -> str:
        if self.finder == "dense":
            return self.finder
        return _joined(self.finder, self.task, self.rewind, self.seed, self.sparsity, self.at)

    @classmethod
    @cache
    def parse(cls, text: str) -> MaskName:
        """The name in `text`.

        Raises:
            BadInput: no mask has that name.
        """
        if text == "dense":
            return DENSE
        first, parts = _read(text, MASK, "a mask")
        return cls(finder=first, **parts)

    @property
    def source_task(self) -> str | None:
        """The task that it was found on, if any."""
        return self.task or None

    @property
    def fraction(self) -> Fraction | None:
        """The share of the prunable weights that it prunes, if its name gives it."""
        return schedule.parse(self.sparsity) if self.sparsity else None


@dataclass(frozen=True, kw_only=True)
class WeightsName:
    """A full set of weights: theta_0, or weights made from it.

    `rewind` is the share of `task`'s training after which they were taken, `sparsity` that of the
    mask that they were or will be trained under.
    """

    kind: str
    task: str = ""
    rewind: str = ""
    seed: int | None = None
    sparsity: str = ""

    def __str__(self) -> str:
        return _joined(self.kind, self.task, self.rewind, self.seed, self.sparsity)

    @classmethod
    @cache
    def parse(cls, text: str) -> WeightsName:
        """The name in `text`.

        Raises:
            BadInput: no weights have that name.
        """
        first, parts = _read(text, WEIGHTS, "weights")
        del parts["at"]
        return cls(kind=first, **parts)

    def progress_on(self, task: str) -> str:
        """The per cent of a training on `task` that they have completed: 0 but for its theta_i."""
        is_own = self.task == task and self.kind in ("theta_i", "round")
        return self.rewind if is_own else "0"


@dataclass(frozen=True, kw_only=True)
class TrainingName:
    """One training; tables that need the same one share it.

    `meaning` is what the mask means to it: `FREEZE`, or empty where pruned weights are zero.
    `order` is that of its batches, from 1: trainings that differ in it alone start from the same
    head and draw the same dropout in each step.
    """

    weights: WeightsName
    mask: MaskName
    task: str
    seed: int | None
    meaning: str = ""
    order: int = 1

    def __str__(self) -> str:
        meaning = f"/{self.meaning}" if self.meaning else ""
        order = f"/order-{self.order}" if self.order > 1 else ""
        return TRAINING.format(**vars(self) | {"meaning": meaning, "order": order})

    @property
    def ticket(self) -> tuple[WeightsName, MaskName]:
        """The weights and the mask of its ticket: the dense one, if nothing is set to zero."""
        return self.weights, DENSE if self.meaning else self.mask

    @classmethod
    @cache
    def parse(cls, text: str) -> TrainingName:
        """The name in `text`.

        Raises:
            BadInput: no training has that name.
        """
        match = _TRAINING.fullmatch(text)
        if match is None:
            raise BadInput(f"{text}: not the name of a training; see docs/files.md")
        return cls(
            weights=WeightsName.parse(match["weights"]),
            mask=MaskName.parse(match["mask"]),
            task=match["task"],
            seed=int(match["seed"]),
            meaning=match["meaning"] or "",
            order=int(match["order"] or 1),
        )


@dataclass(frozen=True, kw_only=True)
class MajorityName:
    """The best constant answer on a task, scored like a training."""

    task: str

    def __str__(self) -> str:
        return f"majority/on-{self.task}"


DENSE = MaskName(finder="dense", sparsity="0")
THETA_0 = WeightsName(kind="theta_0")


def training(weights: WeightsName, mask: MaskName, task: str, seed: int | None) -> TrainingName:
    """The training of `weights` on `task` under a mask."""
    return TrainingName(weights=weights, mask=mask, task=task, seed=seed)


def imp(task: str, rewind: str, seed: int | None, sparsity: str) -> MaskName:
    """The mask that IMP finds on `task`."""
    return MaskName(finder="imp", task=task, rewind=rewind, seed=seed, sparsity=sparsity)


def winning(task: str, rewind: str, seed: int | None, at: str) -> MaskName:
    """IMP's mask of `task` at its highest winning sparsity; `at` is one of `WINNING`."""
    return MaskName(finder="imp", task=task, rewind=rewind, seed=seed, at=at)


def standard(task: str, seed: int | None, sparsity: str) -> MaskName:
    """The mask of standard pruning: rounds without rewinding."""
    return MaskName(finder="standard", task=task, seed=seed, sparsity=sparsity)


def change(task: str, seed: int | None, sparsity: str) -> MaskName:
    """The mask of the weights that the full model's training changed most."""
    return MaskName(finder="change", task=task, seed=seed, sparsity=sparsity)


def oneshot(sparsity: str) -> MaskName:
    """The mask of theta_0's own magnitudes."""
    return MaskName(finder="oneshot", sparsity=sparsity)


def random(seed: int, sparsity: str) -> MaskName:
    """A random mask over the whole prunable set."""
    return MaskName(finder="random", seed=seed, sparsity=sparsity)


def reinit(seed: int) -> WeightsName:
    """Weights drawn at random instead of pre-trained ones (theta_0')."""
    return WeightsName(kind="reinit", seed=seed)


def theta_i(task: str, rewind: str, seed: int | None) -> WeightsName:
    """The weights to rewind to: theta_0 at 0 %, otherwise the source's own early weights."""
    if rewind == "0":
        return THETA_0
    return WeightsName(kind="theta_i", task=task, rewind=rewind, seed=seed)


def trained(task: str, seed: int | None, sparsity: str) -> WeightsName:
    """The weights of standard pruning after training under its mask of `sparsity` (theta_t)."""
    return WeightsName(kind="trained", task=task, seed=seed, sparsity=sparsity)


def _joined(
    first: str, task: str, rewind: str, seed: int | None, sparsity: str, at: str = ""
) -> str:
    parts = (
        *(first, task, rewind and f"rewind-{rewind}", "" if seed is None else f"seed-{seed}"),
        *(sparsity and f"sparsity-{sparsity}", at),
    )
    return "/".join(filter(None, parts))


def _read(text: str, form: str, what: str) -> tuple[str, dict[str, Any]]:
    match = _PARTS.fullmatch(text)
    if match is None or not re.fullmatch(form, text):
        raise BadInput(f"{text}: not a name of {what}; see docs/files.md")
    first, seed = match["first"], match["seed"]
    parts = {name: match[name] or "" for name in ("task", "rewind", "sparsity", "at")}
    return first, parts | {"seed": None if seed is None else int(seed)}
