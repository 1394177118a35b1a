"""An OpenSSF model-signing signature over a study's files, with a key of one's own.

Made and checked by the library of that name, which is installed only where it is wanted; its own
command checks the signature too (docs/sharing.md).
"""

from __future__ import annotations

import json
from base64 import b64decode
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tickets import provenance
from tickets.errors import BadInput, Tampered
from tickets.files import read_bytes, write_bytes
from tickets.paths import UNSTATED

LIBRARIES = ("model_signing", "OpenSSL")  # the first needs the second, and does not say so
UNEXPECTED = (AttributeError, LookupError, RecursionError, TypeError)
"""What it stumbles over in a key or signature of another kind, which it does not look at first."""


def installed() -> bool:
    """Whether signatures can be made and checked here."""
    return all(find_spec(name) is not None for name in LIBRARIES)


def sign(root: Path, private_key: Path, signature: Path) -> None:
    """Sign all files under `root` but those that no statement speaks of (`paths.UNSTATED`).

    private_key: PEM, on one of the curves P-256, P-384 and P-521, without passphrase.

    Raises:
        BadInput: no such key or study, or the signature would be one of the files that are signed.
        CannotWrite: the system refuses to take the signature.
    """
    _need_libraries()
    place = signature.resolve()
    if place.is_relative_to(root.resolve()):
        top = place.relative_to(root.resolve()).parts[0]
        if top not in UNSTATED:
            raise BadInput(f"{signature}: among what is signed; put it into {root}/exports")
    if not any(provenance.stated_below(root)):
        raise BadInput(f"{root}: no statement is in there; name a study's results folder")
    try:
        signer: Any = import_module("model_signing.signing").Config()
        signer.use_elliptic_key_signer(private_key=private_key)
    except _refusals() as error:
        raise BadInput(
            f"{private_key}: not a key to sign with ({_reason(error)}); docs/sharing.md says how "
            "to make one"
        ) from None
    try:
        data = _signed(signer.set_hashing_config(_hashing(UNSTATED)), root)
    except _refusals() as error:
        raise BadInput(f"{root}: cannot be signed ({_reason(error)})") from None
    write_bytes(signature, data)


def verify(root: Path, signature: Path, public_key: Path) -> str | None:
    """None if the files under `root` are those that were signed, all of them; else why not.

    A signature that leaves out more than `sign` does is none of a study.

    Raises:
        BadInput: the library is not installed.
    """
    _need_libraries()
    try:
        found = _fault(root, read_bytes(signature), public_key)
    except (Tampered, *_refusals()) as error:
        found = _reason(error)
    return f"{signature}: {found}" if found else None


def _need_libraries() -> None:
    if not installed():
        libraries = " and ".join(LIBRARIES)
        raise BadInput(f"{libraries} are not installed; install the package's extra `signing`")


def _refusals() -> tuple[type[Exception], ...]:
    """What the library raises, on a signature, key or folder that it cannot work with."""
    errors = import_module("cryptography.exceptions")
    return OSError, ValueError, errors.InvalidSignature, errors.UnsupportedAlgorithm, *UNEXPECTED


def _reason(error: Exception) -> str:
    if isinstance(error, UNEXPECTED):
        return "a kind of key or signature that model_signing does not know"
    return " ".join(str(error).split()) or "it is not this key's"


def _hashing(left_out: tuple[str, ...]) -> Any:
    """Every file by its sha256, those of git too; links are refused."""
    config: Any = import_module("model_signing.hashing").Config()
    return config.set_ignored_paths(paths=left_out, ignore_git_paths=False)


def _signed(signer: Any, root: Path) -> bytes:
    with TemporaryDirectory() as folder:
        made = Path(folder) / "signature"
        signer.sign(root, made)
        return made.read_bytes()


def _fault(root: Path, signature: bytes, public_key: Path) -> str | None:
    """What is wrong with a signature or with what is signed, if anything is."""
    verifier: Any = import_module("model_signing.verifying").Config()
    verifier.use_elliptic_key_verifier(public_key=public_key)
    verifier.set_hashing_config(_hashing(()))  # what is left out, the signature says
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "signature"  # so that the library reads the bytes that we do
        copy.write_bytes(signature)
        try:
            verifier.verify(root, copy)
        except ValueError as error:
            if not str(error).startswith("Signature mismatch"):
                raise
            return _difference(root, _manifest(signature))
    more = _left_out(_manifest(signature)) - set(UNSTATED)
    return f"signed without {min(more)}" if more else None


def _manifest(signature: bytes) -> Any:
    """What is signed, in a signature that the library has found to be the key's."""
    return json.loads(b64decode(json.loads(signature)["dsseEnvelope"]["payload"]))["predicate"]


def _left_out(manifest: Any) -> set[str]:
    return {str(path) for path in manifest["serialization"].get("ignore_paths", ())}


def _difference(root: Path, manifest: Any) -> str:
    """Which files are not as they were signed; the library's own list of them is no line."""
    found = _hashing(tuple(_left_out(manifest))).hash(root).resource_descriptors()
    signed = {(each["name"], each["digest"]) for each in manifest["resources"]}
    files = {(each.identifier, each.digest.digest_hex) for each in found}
    names = sorted({name for name, _ in signed ^ files})
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"not as it was signed: {', '.join(names[:1])}{more}"
