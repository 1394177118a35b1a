"""A study's masks as a repository of the hub: what belongs to it, and its upload."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tickets import hub, masks, provenance
from tickets.errors import BadInput
from tickets.exchange import signature, study_card
from tickets.exchange.files_with_statements import list_files_with_statements
from tickets.names import THETA_0
from tickets.paths import Results
from tickets.statements import SUFFIX, Statement

CARD = "README.md"


@dataclass(frozen=True, kw_only=True)
class Publication:
    """What a repository is made of: its card, and files by their paths in it."""

    card: str
    files: Mapping[str, Path]

    @property
    def sizes(self) -> Mapping[str, int]:
        """The bytes of everything that is sent, by path."""
        sizes = {name: path.stat().st_size for name, path in self.files.items()}
        return {CARD: len(self.card.encode())} | sizes


def collect(root: Path, repository: str, license_id: str) -> Publication:
    """A study's masks, their statements, its signature if it has one, and their card.

    Paths in the repository are those below `root`. theta_0 and the data are named, not copied.

    Raises:
        BadInput: no such study, no repository's id, or a signature that is not over these masks
            and statements.
        Tampered: a mask or the table of transfer does not fit its statement, or a statement has the
            name of no file.
    """
    if not hub.ID.fullmatch(repository):
        raise BadInput(f"{repository}: not the id of a repository; write ORG/NAME")
    files = Results(root=str(root))
    found = list_files_with_statements(files.folder("masks"))
    if not found:
        raise BadInput(f"{root}: it has no masks with statements; name a study's results folder")
    statements = {_below(root, path): _checked(path) for path in found}
    sent = [*found, *map(provenance.statement_path, found)]
    signed = Path(files.signature())
    if signed.is_file():
        _check_signature(signed, statements)
        sent.append(signed)
    study = study_card.Study(
        masks=statements,
        theta=provenance.statement(Path(files.weights(THETA_0))),
        data={
            path.parent.name: provenance.statement(path)
            for path in list_files_with_statements(files.folder("data"))
            if path.stem == "validation"
        },
        transfer=_rows(Path(files.table("transfer"))),
        signature=_below(root, signed) if signed in sent else None,
    )
    return Publication(
        card=study_card.card(study, repository, license_id),
        files={_below(root, path): path for path in sorted(sent)},
    )


def upload(publication: Publication, repository: str) -> str:
    """Send a publication in one commit to a repository of the hub, which is made if it is missing.

    Returns the commit. Files of earlier commits that are not in the publication stay.

    Raises:
        BadInput: the hub refuses, or cannot be reached.
    """
    # The hub's other protocol needs servers of its own; read when the library is first imported.
    os.environ["HF_HUB_DISABLE_XET"] = "1"
    with hub.one_line(f"{repository}: cannot be published on the hub", "run again"):
        from huggingface_hub import CommitOperationAdd, HfApi

        contents = {CARD: publication.card.encode(), **publication.files}
        api = HfApi()
        api.create_repo(repository, exist_ok=True)
        commit = api.create_commit(
            repository,
            [
                CommitOperationAdd(path_in_repo=name, path_or_fileobj=content)
                for name, content in contents.items()
            ],
            commit_message="Masks of lottery tickets, with statements",
        )
        return commit.oid


def _below(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def _checked(mask: Path) -> Statement:
    masks.read_packed(mask)
    return provenance.statement(mask)


def _check_signature(signed: Path, statements: Mapping[str, Statement]) -> None:
    listed = signature.listed(signed)
    sent = {name: statement.digest for name, statement in statements.items()}
    sent |= {f"{name}{SUFFIX}": statement.itself for name, statement in statements.items()}
    for name, digest in sent.items():
        if listed.get(name) != digest:
            raise BadInput(f"{signed}: it does not sign {name} as it is now; sign the study again")


def _rows(table: Path) -> list[dict[str, str]]:
    if not table.exists():
        return []
    return list(csv.DictReader(provenance.read(table).decode().splitlines()))
