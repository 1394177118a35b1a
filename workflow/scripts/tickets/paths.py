"""The only module that knows file names: what a file is can be read off its path, and back.

Every function takes strings, so that Snakemake's wildcards ("{task}") pass through as they are.
Paths are relative to the results folder; `Results` puts the folder before them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from tickets.architecture import CONFIGURATION
from tickets.errors import BadInput
from tickets.schedule import parse

DENSE = "dense"
THETA_0 = "theta_0"
UNSTATED = (
    *("audit", "benchmarks", "checkpoints", "events", "exports", "logs"),
    *("report", "report.html", "report.zip"),
)
"""Folders of a study whose files no statement speaks of, and Snakemake's report in it."""

# What Snakemake's wildcards may be: the same forms that are read back below.
SEED = r"\d+"
PERCENT = r"\d+(\.\d+)?"
TASK = r"[a-z][a-z0-9_]*"
WINNING = {"winning": "within_std", "winning_strict": "strict"}  # by what wins there
FOUND_ON = rf"{TASK}/rewind-{PERCENT}/seed-{SEED}/(sparsity-{PERCENT}|{'|'.join(WINNING)})"
STANDARD = rf"{TASK}/seed-{SEED}/sparsity-{PERCENT}"
SHUFFLES = ("within", "across_layers")
MASK = (
    rf"dense|(imp|layerwise)/{FOUND_ON}|(standard|snip)/{STANDARD}"
    rf"|oneshot/sparsity-{PERCENT}|random/seed-{SEED}/sparsity-{PERCENT}"
)
WEIGHTS = (
    rf"theta_0|(reinit|shuffled_within|shuffled_across_layers)/seed-{SEED}"
    rf"|(theta_i|round)/{TASK}/rewind-{PERCENT}/seed-{SEED}(/sparsity-{PERCENT})?"
    rf"|trained/{STANDARD}"
)


def imp(task: str, rewind: str, seed: int | str, sparsity: str) -> str:
    """The mask that IMP finds on `task`; `rewind` and `sparsity` are per cent, as text."""
    return f"imp/{task}/rewind-{rewind}/seed-{seed}/sparsity-{sparsity}"


def winning(task: str, rewind: str, seed: int | str, at: str) -> str:
    """IMP's mask of `task` at its highest winning sparsity; `at` is one of `WINNING`."""
    return f"imp/{task}/rewind-{rewind}/seed-{seed}/{at}"


def layerwise(task: str, rewind: str, seed: int | str, at: str) -> str:
    """A random mask that prunes as much of each matrix as that winning mask does."""
    return f"layerwise/{task}/rewind-{rewind}/seed-{seed}/{at}"


def standard(task: str, seed: int | str, sparsity: str) -> str:
    """The mask of standard pruning: rounds without rewinding."""
    return f"standard/{task}/seed-{seed}/sparsity-{sparsity}"


def snip(task: str, seed: int | str, sparsity: str) -> str:
    """The mask of SNIP: theta_0's connection sensitivity on `task`."""
    return f"snip/{task}/seed-{seed}/sparsity-{sparsity}"


def oneshot(sparsity: str) -> str:
    """The mask of theta_0's own magnitudes."""
    return f"oneshot/sparsity-{sparsity}"


def random(seed: int | str, sparsity: str) -> str:
    """A mask drawn at random over the whole prunable set."""
    return f"random/seed-{seed}/sparsity-{sparsity}"


def reinit(seed: int | str) -> str:
    """Weights drawn at random instead of pre-trained ones (theta_0')."""
    return f"reinit/seed-{seed}"


def shuffled(how: str, seed: int | str) -> str:
    """theta_0 with its weights shuffled (theta_0''); `how` is one of `SHUFFLES`."""
    return f"shuffled_{how}/seed-{seed}"


def theta_i(task: str, rewind: str, seed: int | str) -> str:
    """The weights to rewind to: theta_0 itself at 0 %, else the source's own early weights."""
    return THETA_0 if rewind == "0" else f"theta_i/{task}/rewind-{rewind}/seed-{seed}"


def round_start(task: str, rewind: str, seed: int | str, sparsity: str) -> str:
    """What the round under the mask of `sparsity` starts from, where that is not theta_i itself."""
    return f"round/{task}/rewind-{rewind}/seed-{seed}/sparsity-{sparsity}"


def trained(task: str, seed: int | str, sparsity: str) -> str:
    """Where standard pruning stands after training under its mask of `sparsity` (theta_t)."""
    return f"trained/{task}/seed-{seed}/sparsity-{sparsity}"


def training(weights: str, mask: str, task: str, seed: int | str) -> str:
    """One training: the same one whoever asks for it."""
    return f"{weights}/{mask}/on-{task}/seed-{seed}"


@dataclass(frozen=True, kw_only=True)
class WeightsId:
    """Which weights a name stands for; None where a part does not apply.

    `rewind` is the per cent of `task`'s training that they were taken after, `sparsity` the label
    of the mask that they were or will be trained under.
    """

    kind: str
    task: str | None
    rewind: str | None
    seed: str | None
    sparsity: str | None


_WEIGHTS = re.compile(
    rf"(?P<kind>theta_0|reinit|shuffled_within|shuffled_across_layers|theta_i|round|trained)"
    rf"(/(?P<task>{TASK}))?(/rewind-(?P<rewind>{PERCENT}))?(/seed-(?P<seed>{SEED}))?"
    rf"(/sparsity-(?P<sparsity>{PERCENT}))?"
)


def parse_weights(weights: str) -> WeightsId:
    """Which weights `weights` names.

    Raises:
        BadInput: no weights have that name.
    """
    found = _WEIGHTS.fullmatch(weights)
    if found is None or not re.fullmatch(WEIGHTS, weights):
        raise BadInput(f"{weights}: not a name of weights; see docs/files.md")
    return WeightsId(**found.groupdict())


_PARTS = re.compile(
    rf"(?P<weights>{WEIGHTS})/(?P<mask>{MASK})/on-(?P<task>{TASK})/seed-(?P<seed>{SEED})"
)


def parts(training: str) -> tuple[str, str, str, str]:
    """Weights, mask, task and seed of a training, as `training` joined them.

    Raises:
        BadInput: no training has that name.
    """
    found = _PARTS.fullmatch(training)
    if found is None:
        raise BadInput(f"{training}: not the name of a training; see docs/files.md")
    return found["weights"], found["mask"], found["task"], found["seed"]


def begin(weights: str, task: str) -> str:
    """Where in the training on `task` weights stand, in per cent: 0 but for its own theta_i."""
    about = parse_weights(weights)
    own = about.task == task and about.kind in ("theta_i", "round")
    return about.rewind if own and about.rewind is not None else "0"


# Whole paths, as a study may stand below a folder of any name. In studies of earlier versions
# tickets were weights too, and are gone.
_PASSING = re.compile(
    rf"(.*/)?(trained/({WEIGHTS})/({MASK})/on-{TASK}/seed-{SEED}"
    rf"|weights/round/{TASK}/rewind-{PERCENT}/seed-{SEED}/sparsity-{PERCENT}"
    rf"|tickets/({WEIGHTS})/({MASK}))\.safetensors"
)


def lasts(path: str | Path) -> bool:
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
        """A ticket: the mask applied to the weights, by their digests."""
        return f"{self.root}/tickets/{weights}/{mask}.json"

    def trained(self, training: str) -> str:
        """The weights at the end of a training."""
        return f"{self.root}/trained/{training}.safetensors"

    def checkpoints(self, training: str) -> str:
        """The folder where a training saves how far it is."""
        return f"{self.root}/checkpoints/{training}"

    def events(self, training: str) -> str:
        """The folder of a training's TensorBoard event files."""
        return f"{self.root}/events/{training}"

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


@dataclass(frozen=True, kw_only=True)
class MaskId:
    """Which mask a name stands for; None where a part does not apply.

    `at` is one of `WINNING` for a mask at its source's highest winning sparsity, which is then not
    known from the name.
    """

    finder: str
    source_task: str | None
    rewind: float | None
    seed: int | None
    sparsity: Fraction | None
    at: str | None


@dataclass(frozen=True, kw_only=True)
class TrainingId:
    """Which training a predictions file is of; None where a part does not apply."""

    weights: str
    finder: str
    source_task: str | None
    rewind: float | None
    mask_seed: int | None
    sparsity: Fraction | None
    at: str | None
    target_task: str
    seed: int | None


_MASK = re.compile(
    rf"(?P<finder>dense|imp|layerwise|standard|snip|oneshot|random)"
    rf"(/(?P<task>{TASK}))?(/rewind-(?P<rewind>{PERCENT}))?"
    rf"(/seed-(?P<seed>{SEED}))?(/sparsity-(?P<sparsity>{PERCENT})|/(?P<at>{'|'.join(WINNING)}))?"
)
_MASK_FILE = re.compile(rf"(.*/)?masks/(?P<mask>{MASK})\.safetensors")
_PREDICTIONS = re.compile(
    rf"(.*/)?predictions/(majority/on-(?P<constant_on>{TASK})"
    rf"|(?P<weights>{WEIGHTS})/(?P<mask>{MASK})/on-(?P<target>{TASK})/seed-(?P<seed>{SEED})"
    rf")\.parquet"
)


def parse_mask(path: str | Path) -> MaskId:
    """Which mask the file at `path` is.

    Raises:
        BadInput: the path is not one that `Results.mask` gives.
    """
    found = _MASK_FILE.fullmatch(str(path))
    if found is None:
        raise BadInput(f"{path}: not the path of a mask file; see docs/files.md")
    return _mask(found["mask"])


def parse_predictions(path: str | Path) -> TrainingId:
    """Which training the predictions at `path` are of.

    Raises:
        BadInput: the path is not one that `Results.predictions` or `Results.majority` gives.
    """
    found = _PREDICTIONS.fullmatch(str(path))
    if found is None:
        raise BadInput(f"{path}: not the path of a predictions file; see docs/files.md")
    constant = found["constant_on"]
    mask = _mask(DENSE if constant else found["mask"])
    return TrainingId(
        weights="none" if constant else parse_weights(found["weights"]).kind,
        finder="majority" if constant else mask.finder,
        source_task=mask.source_task,
        rewind=mask.rewind,
        mask_seed=mask.seed,
        sparsity=mask.sparsity,
        at=mask.at,
        target_task=constant or found["target"],
        seed=None if constant else int(found["seed"]),
    )


def _mask(name: str) -> MaskId:
    found = _MASK.fullmatch(name)
    assert found is not None
    sparsity = parse(found["sparsity"]) if found["sparsity"] else None
    return MaskId(
        finder=found["finder"],
        source_task=found["task"],
        rewind=float(found["rewind"]) if found["rewind"] else None,
        seed=int(found["seed"]) if found["seed"] else None,
        sparsity=Fraction(0) if found["finder"] == DENSE else sparsity,
        at=found["at"],
    )
