"""Masks that were published on the hub, read at a commit and checked against their statements."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from tickets import hub, masks, statements
from tickets.errors import BadInput, Tampered
from tickets.files import sha256
from tickets.masks import Mask

SCHEME = "hf://"
FORM = f"{SCHEME}ORG/NAME@COMMIT/PATH"
_ADDRESS = re.compile(
    rf"{SCHEME}(?P<repository>{hub.ID.pattern})@(?P<commit>{hub.COMMIT.pattern})/(?P<path>.+)"
)


def read(address: str) -> Mask:
    """The mask at an address of the form `FORM`; what was downloaded once is not asked for again.

    Raises:
        BadInput: another form, a refusal of the hub, no statement beside the mask, or no mask.
        Tampered: the mask does not fit its statement.
    """
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise BadInput(
            f"{address}: not {FORM}, with a COMMIT of 40 hexadecimal digits; the hub shows it under"
            " 'History'"
        )
    repository, commit, path = match.group("repository", "commit", "path")
    data = _download(repository, commit, path)
    about = _download(repository, commit, path + statements.SUFFIX)
    statement = statements.parse(about, address + statements.SUFFIX)
    expected = statement.name, statement.digest
    if (PurePosixPath(path).name, sha256(data)) != expected:
        raise Tampered(
            f"{address}: its sha256 is {sha256(data)}, its statement says {statement.digest} of"
            f" {statement.name}; take another commit"
        )
    mask = masks.from_bytes(data, address)
    if statement.facts.get("mask_digest") != mask.digest:
        raise Tampered(f"{address}: its statement is about other bits", "wrong-bits")
    return mask


def _download(repository: str, commit: str, path: str) -> bytes:
    with hub.one_line(
        f"{SCHEME}{repository}@{commit}/{path}: cannot be downloaded from the hub", "run again"
    ):
        from huggingface_hub import hf_hub_download

        return Path(hf_hub_download(repository, path, revision=commit)).read_bytes()
