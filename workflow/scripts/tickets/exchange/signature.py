"""An OpenSSF model-signing signature over a study's files, with your own key.

The optional library model_signing makes and checks it; its own command checks it too
(docs/sharing.md).
"""

from __future__ import annotations

import json
from base64 import b64decode
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tickets.errors import BadInput, Tampered
from tickets.exchange.files_with_statements import list_files_with_statements
from tickets.files import read_bytes, write_bytes
from tickets.paths import UNSTATED

LIBRARIES = ("model_signing", "OpenSSL")  # the first needs the second, an undeclared dependency
UNEXPECTED = (AttributeError, LookupError, RecursionError, TypeError)
"""Errors that the library raises on a key or signature of an unexpected kind."""


def installed() -> bool:
    """Whether the libraries are installed."""
    return all(find_spec(name) is not None for name in LIBRARIES)


def sign(root: Path, private_key: Path, signature: Path) -> None:
    """Sign all files below `root` but those in folders without statements (`paths.UNSTATED`).

    private_key: PEM, on one of the curves P-256, P-384 and P-521, without passphrase.

    Raises:
        BadInput: no such key or study, or the signature would be one of the signed files.
        Tampered: a statement has the name of no file.
        CannotWrite: the system refuses to write the signature.
    """
    _need_libraries()
    place = signature.resolve()
    if place.is_relative_to(root.resolve()):
        top = place.relative_to(root.resolve()).parts[:1]  # none of the folder itself
        if not set(top) & set(UNSTATED):
            raise BadInput(f"{signature}: among what is signed; put it into {root}/exports")
    if not list_files_with_statements(root):
        raise BadInput(f"{root}: no statement is in there; name a study's results folder")
    try:
        signer: Any = import_module("model_signing.signing").Config()
        signer.use_elliptic_key_signer(private_key=private_key)
    except _refusals() as error:
        raise BadInput(
            f"{private_key}: not a key to sign with ({_reason(error)}); docs/sharing.md explains "
            "how to make one"
        ) from None
    try:
        data = _sign(signer.set_hashing_config(_hashing(UNSTATED)), root)
    except _refusals() as error:
        raise BadInput(f"{root}: cannot be signed ({_reason(error)})") from None
    write_bytes(signature, data)


def verify(root: Path, signature: Path, public_key: Path) -> str | None:
    """None if the files below `root` are exactly those that were signed, else what is wrong.

    A signature that leaves out more than `sign` does is refused.

    Raises:
        BadInput: the library is not installed.
    """
    _need_libraries()
    try:
        fault = _fault(root, read_bytes(signature), public_key)
    except (Tampered, *_refusals()) as error:
        fault = _reason(error)
    return f"{signature}: {fault}" if fault else None


def listed(signature: Path) -> dict[str, str]:
    """The sha256 of each file that a signature lists; whose it is, and of what, is not checked.

    Raises:
        BadInput: it is not a signature.
    """
    try:
        return {
            each["name"]: each["digest"] for each in _manifest(read_bytes(signature))["resources"]
        }
    except (LookupError, RecursionError, TypeError, ValueError):
        raise BadInput(f"{signature}: not a signature; make it again by tickets sign") from None


def _need_libraries() -> None:
    if not installed():
        libraries = " and ".join(LIBRARIES)
        raise BadInput(f"{libraries} are not installed; install the package's extra `signing`")


def _refusals() -> tuple[type[Exception], ...]:
    """The errors that the library raises on an invalid signature, key or folder."""
    errors = import_module("cryptography.exceptions")
    return OSError, ValueError, errors.InvalidSignature, errors.UnsupportedAlgorithm, *UNEXPECTED


def _reason(error: Exception) -> str:
    if isinstance(error, UNEXPECTED):
        return "a kind of key or signature that model_signing does not support"
    return " ".join(str(error).split()) or "it is not this key's"


def _hashing(left_out: tuple[str, ...]) -> Any:
    """Hash every file by sha256, git's files too; links are refused."""
    config: Any = import_module("model_signing.hashing").Config()
    return config.set_ignored_paths(paths=left_out, ignore_git_paths=False)


def _sign(signer: Any, root: Path) -> bytes:
    with TemporaryDirectory() as folder:
        signature = Path(folder) / "signature"
        signer.sign(root, signature)
        return signature.read_bytes()


def _fault(root: Path, signature: bytes, public_key: Path) -> str | None:
    """What is wrong with a signature or the signed files; None if nothing is."""
    verifier: Any = import_module("model_signing.verifying").Config()
    verifier.use_elliptic_key_verifier(public_key=public_key)
    verifier.set_hashing_config(_hashing(()))  # the signature lists the ignored paths
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "signature"  # so that the library reads the same bytes
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
    """The manifest in a signature."""
    return json.loads(b64decode(json.loads(signature)["dsseEnvelope"]["payload"]))["predicate"]


def _left_out(manifest: Any) -> set[str]:
    return {str(path) for path in manifest["serialization"].get("ignore_paths", ())}


def _difference(root: Path, manifest: Any) -> str:
    """The files that have changed, in one line; the library's message is long."""
    descriptors = _hashing(tuple(_left_out(manifest))).hash(root).resource_descriptors()
    signed = {(each["name"], each["digest"]) for each in manifest["resources"]}
    files = {(each.identifier, each.digest.digest_hex) for each in descriptors}
    names = sorted({name for name, _ in signed ^ files})
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"not as it was signed: {', '.join(names[:1])}{more}"
