"""The only module that knows file names: what a file is can be read off its path, and back.

Every function takes strings, so that Snakemake's wildcards ("{task}") pass through as they are.
Paths are relative to the results folder; `Results` puts the folder before them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from tickets.errors import BadInput
from tickets.schedule import parse

DENSE = "dense"
THETA_0 = "theta_0"

# What Snakemake's wildcards may be: the same forms that `training` reads back.
SEED = r"\d+"
PERCENT = r"\d+(\.\d+)?"
TASK = r"[a-z][a-z0-9_]*"
MASK = (
    rf"dense|imp/{TASK}/rewind-{PERCENT}/seed-{SEED}/sparsity-{PERCENT}"
    rf"|oneshot/sparsity-{PERCENT}|random/seed-{SEED}/sparsity-{PERCENT}"
)
WEIGHTS = rf"theta_0|reinit/seed-{SEED}|theta_i/{TASK}/rewind-{PERCENT}/seed-{SEED}"


def imp(task: str, rewind: str, seed: int | str, sparsity: str) -> str:
    """The mask that IMP finds on `task`; `rewind` and `sparsity` are percent, as text."""
    return f"imp/{task}/rewind-{rewind}/seed-{seed}/sparsity-{sparsity}"


def oneshot(sparsity: str) -> str:
    """The mask of theta_0's own magnitudes."""
    return f"oneshot/sparsity-{sparsity}"


def random(seed: int | str, sparsity: str) -> str:
    """A mask drawn at random over the whole prunable set."""
    return f"random/seed-{seed}/sparsity-{sparsity}"


def reinit(seed: int | str) -> str:
    """Weights drawn at random instead of pre-trained ones (theta_0')."""
    return f"reinit/seed-{seed}"


def theta_i(task: str, rewind: str, seed: int | str) -> str:
    """The weights to rewind to: theta_0 itself at 0 %, else the source's own early weights."""
    return THETA_0 if rewind == "0" else f"theta_i/{task}/rewind-{rewind}/seed-{seed}"


def training(weights: str, mask: str, task: str, seed: int | str) -> str:
    """One training: the same one whoever asks for it."""
    return f"{weights}/{mask}/on-{task}/seed-{seed}"


def rewind_of(weights: str) -> str:
    """Where in its task's training a set of weights stands, in per cent: 0 but for theta_i."""
    found = re.search(rf"^theta_i/.*/rewind-({PERCENT})/", weights)
    return found[1] if found else "0"


@dataclass(frozen=True, kw_only=True)
class Results:
    """The results folder of one study."""

    root: str

    def language(self, task: str, split: str) -> str:
        """The generated language, as a data set in the hub's layout."""
        return f"{self.root}/language/{task}/{split}-00000-of-00001.parquet"

    def vocabulary(self) -> str:
        """The words of the generated language, one a line."""
        return f"{self.root}/language/vocab.txt"

    def folder(self, name: str) -> str:
        """A folder that a command is told of: language, pretrained or model."""
        return f"{self.root}/{name}"

    def configuration(self, folder: str = "model") -> list[str]:
        """A model directory without its weights: architecture and tokenizer."""
        names = ("config.json", "tokenizer.json", "tokenizer_config.json")
        return [f"{self.root}/{folder}/{name}" for name in names]

    def corpus(self) -> str:
        """The encoded text that the embedded study's model is pre-trained on."""
        return f"{self.root}/pretrained/corpus.arrow"

    def checkpoint(self) -> str:
        """The embedded study's model, where the DAG pre-trains it."""
        return f"{self.root}/pretrained/model.safetensors"

    def weights(self, weights: str) -> str:
        """A full set of weights."""
        return f"{self.root}/weights/{weights}.safetensors"

    def data(self, task: str, split: str) -> str:
        """A task's examples in canonical columns."""
        return f"{self.root}/data/{task}/{split}.parquet"

    def encoded(self, task: str, split: str) -> str:
        """A task's examples as token ids."""
        return f"{self.root}/encoded/{task}/{split}.arrow"

    def mask(self, mask: str) -> str:
        """A mask."""
        return f"{self.root}/masks/{mask}.safetensors"

    def ticket(self, weights: str, mask: str) -> str:
        """A ticket: the mask applied to the weights."""
        return f"{self.root}/tickets/{weights}/{mask}.safetensors"

    def trained(self, training: str) -> str:
        """The weights at the end of a training."""
        return f"{self.root}/trained/{training}.safetensors"

    def checkpoints(self, training: str) -> str:
        """The folder where a training saves how far it is."""
        return f"{self.root}/checkpoints/{training}"

    def predictions(self, training: str) -> str:
        """What a training predicted on the validation split."""
        return f"{self.root}/predictions/{training}.parquet"

    def majority(self, task: str) -> str:
        """The predictions of the best constant answer."""
        return f"{self.root}/predictions/majority/on-{task}.parquet"

    def metrics(self, part: str) -> str:
        """The scores that one table is made of, one row a training and metric."""
        return f"{self.root}/metrics/{part}.parquet"

    def table(self, name: str) -> str:
        """A table."""
        return f"{self.root}/tables/{name}.csv"

    def text(self, name: str) -> str:
        """A table to be read."""
        return f"{self.root}/tables/{name}.txt"

    def figure(self, name: str, kind: str) -> str:
        """A figure; `kind` is svg or png."""
        return f"{self.root}/figures/{name}.{kind}"

    def log(self, name: str) -> str:
        """A job's log."""
        return f"{self.root}/logs/{name}.log"

    def benchmark(self, name: str) -> str:
        """A job's time and memory, as Snakemake measures them."""
        return f"{self.root}/benchmarks/{name}.jsonl"


@dataclass(frozen=True, kw_only=True)
class TrainingId:
    """Which training a predictions file is of; None where a part does not apply."""

    weights: str
    finder: str
    source_task: str | None
    rewind: float | None
    mask_seed: int | None
    sparsity: Fraction
    target_task: str
    seed: int | None


_PREDICTIONS = re.compile(
    rf"(.*/)?predictions/("
    rf"(?P<majority>majority)/on-(?P<constant_on>{TASK})"
    rf"|(?P<weights>theta_0|reinit|theta_i)(/[^.]+?)??"
    rf"/(?P<finder>dense|imp|oneshot|random)"
    rf"(/(?P<source>{TASK})/rewind-(?P<rewind>{PERCENT}))?"
    rf"(/seed-(?P<mask_seed>{SEED}))?(/sparsity-(?P<sparsity>{PERCENT}))?"
    rf"/on-(?P<target>{TASK})/seed-(?P<seed>{SEED})"
    rf")\.parquet"
)


def parse_predictions(path: str | Path) -> TrainingId:
    """Which training the predictions at `path` are of.

    Raises:
        BadInput: the path is not one that `Results.predictions` or `Results.majority` gives.
    """
    found = _PREDICTIONS.fullmatch(str(path))
    if found is None:
        raise BadInput(f"{path}: not the path of a predictions file; see docs/files.md")
    if found["majority"]:
        return TrainingId(
            weights="none",
            finder="majority",
            source_task=None,
            rewind=None,
            mask_seed=None,
            sparsity=Fraction(0),
            target_task=found["constant_on"],
            seed=None,
        )
    return TrainingId(
        weights=found["weights"],
        finder=found["finder"],
        source_task=found["source"],
        rewind=float(found["rewind"]) if found["rewind"] else None,
        mask_seed=int(found["mask_seed"]) if found["mask_seed"] else None,
        sparsity=parse(found["sparsity"]) if found["sparsity"] else Fraction(0),
        target_task=found["target"],
        seed=int(found["seed"]),
    )
