"""The only module that knows file names: what a file is can be read off its path, and back.

Every function takes names, or texts such as Snakemake's wildcards ("{task}"), which pass through as
they are. Paths are relative to the results folder; `Results` puts the folder before them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tickets.architecture import CONFIGURATION
from tickets.errors import BadInput
from tickets.names import (
    MASK,
    PERCENT,
    SEED,
    TASK,
    WEIGHTS,
    MajorityName,
    MaskName,
    TrainingName,
    WeightsName,
)

UNSTATED = (
    *("audit", "benchmarks", "checkpoints", "events", "exports", "logs"),
    *("report", "report.html", "report.zip"),
)
"""Folders of a study whose files no statement speaks of, and Snakemake's report in it."""

# Whole paths, as a study may stand below a folder of any name. In studies of earlier versions
# tickets were weights too, and are gone.
_PASSING = re.compile(
    rf"(.*/)?(trained/({WEIGHTS})/({MASK})/on-{TASK}/seed-{SEED}"
    rf"|weights/round/{TASK}/rewind-{PERCENT}/seed-{SEED}/sparsity-{PERCENT}"
    rf"|tickets/({WEIGHTS})/({MASK}))\.safetensors"
)


def is_kept(path: str | Path) -> bool:
    """Whether the file at `path` stays when all that needs it is made."""
    return not _PASSING.fullmatch(Path(path).as_posix())


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
        return [f"{self.root}/{folder}/{name}" for name in CONFIGURATION]

    def corpus(self) -> str:
        """The encoded text that the embedded study's model is pre-trained on."""
        return f"{self.root}/pretrained/corpus.arrow"

    def checkpoint(self) -> str:
        """The embedded study's model, where the DAG pre-trains it."""
        return f"{self.root}/pretrained/model.safetensors"

    def weights(self, weights: WeightsName | str) -> str:
        """A full set of weights."""
        return f"{self.root}/weights/{weights}.safetensors"

    def data(self, task: str, split: str) -> str:
        """A task's examples in canonical columns."""
        return f"{self.root}/data/{task}/{split}.parquet"

    def encoded(self, task: str, split: str) -> str:
        """A task's examples as token ids."""
        return f"{self.root}/encoded/{task}/{split}.arrow"

    def mask(self, mask: MaskName | str) -> str:
        """A mask."""
        return f"{self.root}/masks/{mask}.safetensors"

    def ticket(self, weights: WeightsName | str, mask: MaskName | str) -> str:
        """A ticket: the mask applied to the weights, by their digests."""
        return f"{self.root}/tickets/{weights}/{mask}.json"

    def trained(self, training: TrainingName | str) -> str:
        """The weights at the end of a training."""
        return f"{self.root}/trained/{training}.safetensors"

    def checkpoints(self, training: str) -> str:
        """The folder where a training saves how far it is."""
        return f"{self.root}/checkpoints/{training}"

    def events(self, training: TrainingName | WeightsName | str) -> str:
        """The folder of a training's TensorBoard event files."""
        return f"{self.root}/events/{training}"

    def predictions(self, training: TrainingName | str) -> str:
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

    def winning(self) -> str:
        """The highest winning sparsity of every task, by every criterion."""
        return self.table("winning_sparsities")

    def text(self, name: str) -> str:
        """A table to be read."""
        return f"{self.root}/tables/{name}.txt"

    def figure(self, name: str, kind: str) -> str:
        """A figure; `kind` is svg or png."""
        return f"{self.root}/figures/{name}.{kind}"

    def audit(self, name: str) -> str:
        """What an audit of the study wrote."""
        return f"{self.root}/audit/{name}"

    def story(self) -> str:
        """The page that tells the study to a reader."""
        return f"{self.root}/report/story.html"

    def crate(self) -> str:
        """The description of the study as an RO-Crate, in the crate's folder."""
        return f"{self.root}/exports/crate/ro-crate-metadata.json"

    def signature(self) -> str:
        """The signature over the study's files."""
        return f"{self.root}/exports/study.sig"

    def log(self, name: str) -> str:
        """A job's log."""
        return f"{self.root}/logs/{name}.log"

    def benchmark(self, name: str) -> str:
        """A job's time and memory, as Snakemake measures them."""
        return f"{self.root}/benchmarks/{name}.jsonl"


_MASK_FILE = re.compile(rf"(.*/)?masks/(?P<mask>{MASK})\.safetensors")
_PREDICTIONS = re.compile(
    rf"(.*/)?predictions/(majority/on-(?P<constant_on>{TASK})"
    rf"|(?P<training>({WEIGHTS})/({MASK})/on-{TASK}/seed-{SEED}))\.parquet"
)


def parse_mask(path: str | Path) -> MaskName:
    """Which mask the file at `path` is.

    Raises:
        BadInput: the path is not one that `Results.mask` gives.
    """
    match = _MASK_FILE.fullmatch(str(path))
    if match is None:
        raise BadInput(f"{path}: not the path of a mask file; see docs/files.md")
    return MaskName.parse(match["mask"])


def parse_predictions(path: str | Path) -> TrainingName | MajorityName:
    """Which training the predictions at `path` are of.

    Raises:
        BadInput: the path is not one that `Results.predictions` or `Results.majority` gives.
    """
    match = _PREDICTIONS.fullmatch(str(path))
    if match is None:
        raise BadInput(f"{path}: not the path of a predictions file; see docs/files.md")
    if match["constant_on"]:
        return MajorityName(task=match["constant_on"])
    return TrainingName.parse(match["training"])
