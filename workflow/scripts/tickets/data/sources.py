"""The sources of data sets and models: the hub at a pinned revision, or a local directory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tickets import architecture, hub
from tickets.errors import BadInput
from tickets.statements import SUFFIX
from tickets.tasks import Task

MODEL_FILES = ("config.json", "tokenizer*", "special_tokens_map.json", "vocab.*", "merges.txt")
WEIGHT_FILES = ("model*.safetensors*", "pytorch_model*.bin*")  # the first kind is preferred
HUB_SECONDS = 3
"""How long a check waits for the hub."""


@dataclass(frozen=True, kw_only=True)
class SourceFiles:
    """The parquet files of a data set's splits; `revision` is None for a local data set."""

    revision: str | None
    splits: Mapping[str, tuple[Path, ...]]


def local_directory(path: str, local_copies: Mapping[str, str]) -> Path | None:
    """The directory that stands for `path` on this machine; None for a hub id without a copy.

    Raises:
        BadInput: `path` is neither a directory nor a hub id, or its local copy is no directory.
    """
    if path in local_copies:
        copy = Path(local_copies[path])
        if not copy.is_dir():
            raise BadInput(
                f"local_copies: {copy}, named for {path}, is not a directory; correct it, or"
                " leave it out to use the hub"
            )
        return copy
    if Path(path).is_dir():
        return Path(path)
    if hub.ID.fullmatch(path) and not path.startswith("."):
        return None
    raise BadInput(
        f"{path}: neither a directory here nor a hub id such as nyu-mll/glue; correct it"
    )


def locate(
    path: str,
    name: str | None,
    revision: str | None,
    local_copies: Mapping[str, str],
    splits: Sequence[str],
) -> SourceFiles:
    """The parquet files of `splits`, from a local directory or from the hub at `revision`.

    A data set must have the hub's layout: `{name}/{split}-*.parquet` or `{split}-*.parquet`.

    Raises:
        BadInput: no such directory, a hub id without a revision, or no parquet file for a split.
    """
    root = local_directory(path, local_copies)
    if root is None:
        folder = f"{name}/" if name else ""
        patterns = [f"{folder}{split}-*.parquet" for split in splits]
        root = _download(path, revision, "dataset", patterns)
    else:
        revision = None
    files = {split: parquet_files(root, name, split) for split in splits}
    return SourceFiles(revision=revision, splits=files)


def model_directory(path: str, revision: str | None, local_copies: Mapping[str, str]) -> Path:
    """The directory with a model's config.json, tokenizer and weights.

    Raises:
        BadInput: no such directory, a hub id without a revision, or a directory without weights.
    """
    root = local_directory(path, local_copies)
    if root is None:
        # Download one kind of weights only: many models on the hub have both.
        root = _download(path, revision, "model", [*MODEL_FILES, WEIGHT_FILES[0]])
        if not any(root.glob(WEIGHT_FILES[0])):
            root = _download(path, revision, "model", [*MODEL_FILES, WEIGHT_FILES[1]])
    if not any(file for pattern in WEIGHT_FILES for file in root.glob(pattern)):
        raise BadInput(f"model: {root} has no weights ({' or '.join(WEIGHT_FILES)}); add them")
    return root


def local_data(task: Task, local_copies: Mapping[str, str]) -> list[Path]:
    """The files of a task's data set on this machine; none if the data set is on the hub."""
    data, splits = task.dataset, (task.train_split, task.validation_split)
    if local_directory(data.path, local_copies) is None:
        return []
    source = locate(data.path, data.name, data.revision, local_copies, splits)
    return [file for split in splits for file in source.splits[split]]


def hub_configuration(path: str, revision: str, *, fetch: bool = False) -> Path | None:
    """The folder of the hub's cache with the config.json of a model; None if it is not there.

    fetch: download that one file first, if the hub can be reached.
    """
    # This import takes half a second, which a study of local data can save.
    from huggingface_hub import hf_hub_download

    local = not (fetch and _hub_answers())
    with suppress(*hub.refusals()):
        file = hf_hub_download(path, MODEL_FILES[0], revision=revision, local_files_only=local)
        return Path(file).parent
    return None


def _hub_answers() -> bool:
    """Whether the hub can be reached; asked once, where a download would be tried six times."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return False
    try:
        urlopen(Request(constants.ENDPOINT, method="HEAD"), timeout=HUB_SECONDS).close()
    except HTTPError:
        return True  # it has answered
    except OSError:
        return False
    return True


def local_model(path: str, local_copies: Mapping[str, str]) -> list[Path]:
    """The files of a model on this machine; none if the model is on the hub."""
    root = local_directory(path, local_copies)
    return [] if root is None else files_of(root)


def files_of(model: Path, patterns: Iterable[str] = (*MODEL_FILES, *WEIGHT_FILES)) -> list[Path]:
    """A model directory's configuration, tokenizer and weights, sorted, without statements."""
    files = {file for pattern in patterns for file in model.glob(pattern)}
    return sorted(file for file in files if not file.name.endswith(SUFFIX))


def check_length(model: Path, task: str, max_length: int) -> None:
    """Check that the model in directory `model` can read texts of `max_length` tokens.

    Raises:
        BadInput: it has fewer positions (two in RoBERTa's table are reserved).
    """
    positions = architecture.read(model).positions
    if max_length > positions:
        raise BadInput(
            f"tasks.{task}.max_length: {max_length}, but the model in {model} reads {positions}"
            f" tokens; write at most {positions}"
        )


def parquet_files(root: Path, name: str | None, split: str) -> tuple[Path, ...]:
    """The parquet files of a split below `root`.

    Raises:
        BadInput: there are none.
    """
    folders = [root / name, root] if name else [root]
    for folder in folders:
        files = tuple(sorted(folder.glob(f"{split}-*.parquet")))
        if files:
            return files
    raise BadInput(
        f"{folders[0]}: no {split}-*.parquet there; docs/tutorial.md makes such files from CSV, TSV"
        " or text"
    )


def check_revision(path: str, revision: str | None) -> str:
    """The revision of a hub id.

    Raises:
        BadInput: it is not a commit's.
    """
    folder = Path(path).parent
    if revision is None and folder.is_dir():
        here = sorted(each.name for each in folder.iterdir() if each.is_dir())
        raise BadInput(
            f"{path}: no such directory; {folder} has {', '.join(here) or 'none'}; correct it, or"
            " give a hub id its revision"
        )
    if revision is None or not hub.COMMIT.fullmatch(revision):
        raise BadInput(
            f"{path}: no directory here, and a hub id needs a revision of 40 hexadecimal digits"
            f" (found {revision or 'none'}); the hub shows it under 'History'"
        )
    return revision


def _download(path: str, revision: str | None, kind: str, patterns: list[str]) -> Path:
    revision = check_revision(path, revision)
    with hub.one_line(
        f"{path} at {revision}: cannot be downloaded from the hub",
        "name a directory with the same layout under local_copies",
    ):
        # This import takes half a second, which a study of local data can save.
        from huggingface_hub import snapshot_download

        return Path(
            snapshot_download(path, repo_type=kind, revision=revision, allow_patterns=patterns)
        )
