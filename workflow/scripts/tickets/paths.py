"""All file names of a study: the path of each file, and what the file at a path is.

The methods of `Results` take names, or texts such as Snakemake's wildcards ("{task}"), which they
leave as they are. The paths begin with the results folder.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tickets.architecture import CONFIGURATION
from tickets.errors import BadInput
from tickets.names import (
    FORM_OF_TRAINING,
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
"""Folders of a study whose files have no statements, and Snakemake's report in it."""

# Whole paths, as the results folder may have any name. In studies of earlier versions tickets were
# weights too, and were deleted.
_TEMPORARY = re.compile(
    rf"(.*/)?((trained|movement)/{FORM_OF_TRAINING}"
    rf"|weights/round/{TASK}/rewind-{PERCENT}/seed-{SEED}/sparsity-{PERCENT}"
    rf"|tickets/({WEIGHTS})/({MASK}))\.safetensors"
)


def is_kept(path: str | Path) -> bool:
    """Whether the file at `path` stays when everything that needs it has been made."""
    return not _TEMPORARY.fullmatch(Path(path).as_posix())


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
        """A folder that a command takes: language, pretrained or model."""
        return f"{self.root}/{name}"

    def configuration(self, folder: str = "model") -> list[str]:
        """A model directory without its weights: architecture and tokenizer."""
        return [f"{self.root}/{folder}/{name}" for name in CONFIGURATION]

    def corpus(self) -> str:
        """The encoded text that the embedded study's model is pre-trained on."""
        return f"{self.root}/pretrained/corpus.arrow"

    def checkpoint(self) -> str:
        """The model that an embedded study pre-trains."""
        return f"{self.root}/pretrained/model.safetensors"

    def validation(self) -> str:
        """The losses of that pre-training on held-out pairs."""
        return f"{self.root}/pretrained/validation.csv"

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
        """A ticket: the digests of weights and of the mask applied to them."""
        return f"{self.root}/tickets/{weights}/{mask}.json"

    def trained(self, training: TrainingName | str) -> str:
        """The weights at the end of a training."""
        return f"{self.root}/trained/{training}.safetensors"

    def movement(self, training: TrainingName | str) -> str:
        """How far a training moves each prunable weight away from zero."""
        return f"{self.root}/movement/{training}.safetensors"

    def checkpoints(self, training: str) -> str:
        """The folder of a training's checkpoints."""
        return f"{self.root}/checkpoints/{training}"

    def events(self, training: TrainingName | WeightsName | str) -> str:
        """The folder of a training's TensorBoard event files."""
        return f"{self.root}/events/{training}"

    def predictions(self, training: TrainingName | str) -> str:
        """A training's predictions on the validation split."""
        return f"{self.root}/predictions/{training}.parquet"

    def line(self, training: TrainingName | str) -> str:
        """Loss and score on the line from the same training in the first order to this one."""
        return f"{self.root}/lines/{training}.parquet"

    def losses(self, mask: MaskName | str, task: str) -> str:
        """The losses of theta_0 under a mask on an MLM task's validation split, untrained."""
        return f"{self.root}/losses/{mask}/on-{task}.parquet"

    def majority(self, task: str) -> str:
        """The predictions of a task's best constant answer."""
        return f"{self.root}/predictions/majority/on-{task}.parquet"

    def metrics(self, part: str) -> str:
        """The scores for one table: a row for each training and metric."""
        return f"{self.root}/metrics/{part}.parquet"

    def table(self, name: str) -> str:
        """A table."""
        return f"{self.root}/tables/{name}.csv"

    def winning(self) -> str:
        """The highest winning sparsity of every task, by every criterion."""
        return self.table("winning_sparsities")

    def text(self, name: str) -> str:
        """A table as text."""
        return f"{self.root}/tables/{name}.txt"

    def figure(self, name: str, kind: str) -> str:
        """A figure; `kind` is svg or png."""
        return f"{self.root}/figures/{name}.{kind}"

    def audit(self, name: str) -> str:
        """A file that the audit of the study writes."""
        return f"{self.root}/audit/{name}"

    def story(self) -> str:
        """The report's page on the study."""
        return f"{self.root}/report/story.html"

    def crate(self) -> str:
        """The metadata of the study as an RO-Crate, in the crate's folder."""
        return f"{self.root}/exports/crate/ro-crate-metadata.json"

    def signature(self) -> str:
        """The signature over the study's files."""
        return f"{self.root}/exports/study.sig"

    def log(self, name: str) -> str:
        """A job's log."""
        return f"{self.root}/logs/{name}.log"

    def benchmark(self, name: str) -> str:
        """A job's time and memory, measured by Snakemake."""
        return f"{self.root}/benchmarks/{name}.jsonl"


def role_of_mask(mask: MaskName | str) -> str:
    """The role of a mask in the statement of what is made from several: its path in the folder."""
    return Results(root="").mask(mask).removeprefix("/")


_MASK_FILE = re.compile(rf"(.*/)?masks/(?P<mask>{MASK})\.safetensors")
_LOSSES = re.compile(rf"(.*/)?losses/(?P<mask>{MASK})/on-{TASK}\.parquet")
_PREDICTIONS = re.compile(
    rf"(.*/)?predictions/(majority/on-(?P<constant_on>{TASK})"
    rf"|(?P<training>{FORM_OF_TRAINING}))\.parquet"
)
_LINE = re.compile(rf"(.*/)?lines/(?P<training>{FORM_OF_TRAINING})\.parquet")


def parse_mask(path: str | Path) -> MaskName:
    """The name of the mask at `path`.

    Raises:
        BadInput: the path is not one that `Results.mask` gives.
    """
    match = _MASK_FILE.fullmatch(str(path))
    if match is None:
        raise BadInput(f"{path}: not the path of a mask file; see docs/files.md")
    return MaskName.parse(match["mask"])


def parse_losses(path: str | Path) -> MaskName:
    """The name of the mask whose losses are at `path`.

    Raises:
        BadInput: the path is not one that `Results.losses` gives.
    """
    match = _LOSSES.fullmatch(str(path))
    if match is None:
        raise BadInput(f"{path}: not the path of a file of losses; see docs/files.md")
    return MaskName.parse(match["mask"])


def parse_predictions(path: str | Path) -> TrainingName | MajorityName:
    """The name of the training whose predictions are at `path`.

    Raises:
        BadInput: the path is not one that `Results.predictions` or `Results.majority` gives.
    """
    match = _PREDICTIONS.fullmatch(str(path))
    if match is None:
        raise BadInput(f"{path}: not the path of a predictions file; see docs/files.md")
    if match["constant_on"]:
        return MajorityName(task=match["constant_on"])
    return TrainingName.parse(match["training"])


def parse_line(path: str | Path) -> TrainingName:
    """The name of the training at the second end of the line at `path`.

    Raises:
        BadInput: the path is not one that `Results.line` gives.
    """
    match = _LINE.fullmatch(str(path))
    if match is None:
        raise BadInput(f"{path}: not the path of a line; see docs/files.md")
    return TrainingName.parse(match["training"])
