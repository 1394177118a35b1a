from __future__ import annotations

import json
import os
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signing_keys import elliptic, make_key
from studies import ROOT
from tickets import masks, provenance
from tickets.errors import BadInput
from tickets.exchange import signature
from tickets.files import write_bytes
from tickets.paths import UNSTATED, Results
from tickets.prunable import PrunableSet

NAME = "encoder.layer.0.output.dense.weight"
MASK = "masks/oneshot/sparsity-30.safetensors"

EXTRA = pytest.mark.skipif(
    not signature.installed(), reason="an extra that the tests' set-up leaves out"
)


def make_study(root: Path) -> Path:
    """One mask and one table, with statements; a log."""
    prunable = PrunableSet(shapes={NAME: (3, 3)})
    kept = {NAME: np.arange(9).reshape(3, 3) > 2}
    masks.write(root / MASK, masks.Mask(prunable=prunable, kept=kept))
    write_bytes(root / "tables" / "transfer.csv", b"source,target\n")
    for path in (root / MASK, root / "tables" / "transfer.csv"):
        provenance.write(
            path, rule="made", parameters={}, dependencies={}, started=provenance.now()
        )
    write_bytes(root / "logs" / "oneshot.log", b"done\n")
    return root


def edwards(folder: Path) -> Path:
    from cryptography.hazmat.primitives.asymmetric import ed25519

    return make_key(folder, ed25519.Ed25519PrivateKey.generate())


def rsa(folder: Path) -> Path:
    from cryptography.hazmat.primitives.asymmetric import rsa

    return make_key(folder, rsa.generate_private_key(65537, 2048))


def unknown_curve(folder: Path) -> Path:
    from cryptography.hazmat.primitives.asymmetric import ec

    return make_key(folder, ec.generate_private_key(ec.SECP256K1()))


def no_key(folder: Path) -> Path:
    for name in ("key.pem", "key.pub"):
        write_bytes(folder / name, b"-----BEGIN\xff\x00")
    return folder / "key.pem"


def missing(folder: Path) -> Path:
    return folder / "key.pem"


class Signed:
    """A study that is signed."""

    def __init__(self, folder: Path) -> None:
        self.root = make_study(folder / "results")
        self.private = elliptic(folder)
        self.public = self.private.with_suffix(".pub")
        self.signature = Path(Results(root=str(self.root)).signature())
        signature.sign(self.root, self.private, self.signature)

    def refused(self, data: bytes | None = None) -> str | None:
        """Why it is not as it was signed, or as `data` in the signature's place says."""
        if data is None:
            return signature.verify(self.root, self.signature, self.public)
        other = self.root / "exports" / "other.sig"
        other.write_bytes(data)
        return signature.verify(self.root, other, self.public)

    def by_the_tool(self) -> int:
        """The status of model-signing's own command."""
        command = [sys.executable, "-m", "model_signing", "verify", "key", "--no-ignore-git-paths"]
        flags = ["--public_key", self.public, "--signature", self.signature, self.root]
        done = subprocess.run([*command, *flags], capture_output=True, check=False)
        return done.returncode


@pytest.fixture
def signed(tmp_path: Path) -> Signed:
    return Signed(tmp_path)


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Signed:
    """One that a test leaves as it is."""
    return Signed(tmp_path_factory.mktemp("signed"))


@EXTRA
def test_a_signed_study_verifies_here_and_by_the_tools_own_command(signed: Signed) -> None:
    """Also when logs and exports have changed since, and under another folder's name."""
    assert signed.refused() is None
    assert signed.by_the_tool() == 0

    for folder in UNSTATED:
        write_bytes(signed.root / folder / "later.txt", b"later")
    moved = signed.root.rename(signed.root.with_name("published"))
    signed.root, signed.signature = moved, moved / signed.signature.relative_to(signed.root)

    assert signed.refused() is None
    assert signed.by_the_tool() == 0


@EXTRA
@pytest.mark.parametrize("bit", [0, 8 * 100 + 3, -1])
def test_one_flipped_bit_of_a_mask_is_found(signed: Signed, bit: int) -> None:
    """In header and payload, with size and time of the file as they were."""
    path = signed.root / MASK
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    bits = np.unpackbits(np.frombuffer(path.read_bytes(), np.uint8))
    bits[bit] ^= 1
    path.write_bytes(np.packbits(bits).tobytes())
    os.utime(path, ns=times)

    found = signed.refused()

    assert found == f"{signed.signature}: not as it was signed: {MASK}"
    assert signed.by_the_tool() == 1


def extra_mask(root: Path) -> None:
    write_bytes(root / "masks" / "oneshot" / "sparsity-40.safetensors", b"")


def extra_git_folder(root: Path) -> None:
    write_bytes(root / ".git" / "config", b"")


def extra_ignored_by_git(root: Path) -> None:
    write_bytes(root / ".gitignore", b"")


def hidden_in_a_left_out_name(root: Path) -> None:
    write_bytes(root / "masks" / "logs" / "sparsity-40.safetensors", b"")


def gone_statement(root: Path) -> None:
    provenance.statement_path(root / MASK).unlink()


def swapped(root: Path) -> None:
    one, other = root / MASK, root / "tables" / "transfer.csv"
    data = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(data)


def link(root: Path) -> None:
    other = root.with_name("mask")
    (root / MASK).rename(other)
    (root / MASK).symlink_to(other)


def pipe(root: Path) -> None:
    os.mkfifo(root / "masks" / "pipe")


def all_gone(root: Path) -> None:
    root.rename(root.with_name("elsewhere"))


@EXTRA
@pytest.mark.parametrize(
    "change",
    [
        *(extra_mask, extra_git_folder, extra_ignored_by_git, hidden_in_a_left_out_name),
        *(gone_statement, swapped, link, pipe, all_gone),
    ],
    ids=lambda change: change.__name__,
)
def test_any_other_set_of_files_is_found(signed: Signed, change: Callable[[Path], None]) -> None:
    """A file more, less, in another's place, or no file: one line says so."""
    aside = signed.root.parent / "study.sig"
    signed.signature = signed.signature.rename(aside)
    change(signed.root)

    found = signed.refused()

    assert found is not None
    assert len(found.splitlines()) == 1


@EXTRA
@pytest.mark.parametrize("kind", [elliptic, edwards, rsa, unknown_curve, no_key, missing])
def test_another_key_does_not_verify(
    untouched: Signed, tmp_path: Path, kind: Callable[[Path], Path]
) -> None:
    """Of the same kind, of another kind, or none at all."""
    key = kind(tmp_path).with_suffix(".pub")

    found = signature.verify(untouched.root, untouched.signature, key)

    assert found is not None
    assert len(found.splitlines()) == 1


@EXTRA
@pytest.mark.parametrize("kind", [edwards, rsa, unknown_curve, no_key, missing])
def test_a_key_that_cannot_sign_is_refused(tmp_path: Path, kind: Callable[[Path], Path]) -> None:
    """In one line, which names the key's file; no signature is written."""
    root, key = make_study(tmp_path / "results"), kind(tmp_path)

    with pytest.raises(BadInput) as caught:
        signature.sign(root, key, tmp_path / "study.sig")

    assert str(caught.value).startswith(f"{key}: not a key to sign with (")
    assert not (tmp_path / "study.sig").exists()


@EXTRA
@pytest.mark.parametrize("place", ["study.sig", "."])
def test_a_signature_is_not_put_among_what_is_signed(tmp_path: Path, place: str) -> None:
    """There it would be a file more when it is verified; nor into the study's own place."""
    root, key = make_study(tmp_path / "results"), elliptic(tmp_path)

    with pytest.raises(BadInput, match="among what is signed"):
        signature.sign(root, key, root / place)


@EXTRA
@pytest.mark.parametrize("name", ["results", "nowhere"])
def test_what_is_no_study_is_not_signed(tmp_path: Path, name: str) -> None:
    """A folder without a statement, or none."""
    (tmp_path / "results").mkdir()

    with pytest.raises(BadInput, match="no statement is in there"):
        signature.sign(tmp_path / name, elliptic(tmp_path), tmp_path / "study.sig")


@EXTRA
def test_a_folder_with_a_link_is_not_signed(tmp_path: Path) -> None:
    """A link's target may be changed without a trace."""
    root = make_study(tmp_path / "results")
    link(root)

    with pytest.raises(BadInput, match="cannot be signed"):
        signature.sign(root, elliptic(tmp_path), tmp_path / "study.sig")


@EXTRA
@pytest.mark.parametrize("left_out", ["masks", ".", "masks/oneshot", f"{MASK}.prov.json"])
def test_a_signature_over_less_than_a_study_is_refused(signed: Signed, left_out: str) -> None:
    """By the right key, and good for the tool's own command: it would hide any mask."""
    from model_signing import hashing, signing

    less = hashing.Config().set_ignored_paths(paths=[*UNSTATED, left_out], ignore_git_paths=False)
    signer = signing.Config().use_elliptic_key_signer(private_key=signed.private)
    signer.set_hashing_config(less).sign(signed.root, signed.signature)

    assert signed.by_the_tool() == 0
    assert signed.refused() == f"{signed.signature}: signed without {left_out}"


@EXTRA
def test_the_payload_cannot_be_exchanged(untouched: Signed) -> None:
    """A manifest of other files under the old signature."""
    bundle = json.loads(untouched.signature.read_bytes())
    payload = json.loads(b64decode(bundle["dsseEnvelope"]["payload"]))
    payload["predicate"]["serialization"]["ignore_paths"].append("masks")
    bundle["dsseEnvelope"]["payload"] = b64encode(json.dumps(payload).encode()).decode()

    assert untouched.refused(json.dumps(bundle).encode()) is not None


@EXTRA
@pytest.mark.parametrize(
    "data",
    [b"", b"\xff", b"{}", b"[]", b"null", b"1", b'"x"', b"[" * 100_000, b'{"mediaType": 1}'],
    ids=lambda data: repr(data[:20]),
)
def test_what_is_no_signature_is_refused(untouched: Signed, data: bytes) -> None:
    """In one line."""
    found = untouched.refused(data)

    assert found is not None
    assert len(found.splitlines()) == 1


def places(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where something stands in a JSON value."""
    yield at
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in pairs if isinstance(value, dict | list) else ():
        yield from places(inner, (*at, key))


@EXTRA
@pytest.mark.parametrize("other", [None, 1, "", "eA==", [], [None], {}, {"x": 1}], ids=repr)
def test_a_signature_of_another_shape_never_crashes(untouched: Signed, other: Any) -> None:
    """Each part of it replaced by something else, or left out; where it does not matter it may."""
    text = untouched.signature.read_bytes()
    free = set[tuple[str | int, ...]]()
    for at in places(json.loads(text)):
        for leave_out in (False, True):
            bundle = [json.loads(text)]
            inner: Any = bundle
            for key in (0, *at)[:-1]:
                inner = inner[key]
            inner[(0, *at)[-1]] = other
            if leave_out and at:
                del inner[at[-1]]
            if untouched.refused(json.dumps(bundle[0]).encode()) is None:
                free.add(at)

    # What is not signed: which key it says it is of, and a log, which a local key has none of.
    material = ("verificationMaterial",)
    assert free <= {
        (*material, "publicKey"),
        (*material, "publicKey", "hint"),
        (*material, "tlogEntries"),
        ("dsseEnvelope", "signatures", 0, "keyid"),
    }


@EXTRA
@settings(max_examples=100)
@given(data=st.data())
def test_a_damaged_signature_never_crashes(untouched: Signed, data: st.DataObject) -> None:
    """Some of its bytes replaced."""
    text = bytearray(untouched.signature.read_bytes())
    start = data.draw(st.integers(0, len(text)))
    text[start : start + data.draw(st.integers(0, 50))] = data.draw(st.binary(max_size=50))

    found = untouched.refused(bytes(text))

    assert found is None or len(found.splitlines()) == 1


@EXTRA
def test_the_command_signs(tmp_path: Path) -> None:
    """`tickets sign`, and what it says."""
    root, key = make_study(tmp_path / "results"), elliptic(tmp_path)
    made = tmp_path / "study.sig"
    command = [sys.executable, "-c", "from tickets.cli import main; main()", "sign", root]

    done = subprocess.run(
        [*command, "--private-key", key, "--signature", made],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT / "workflow" / "scripts",
    )

    assert (done.returncode, done.stdout) == (0, f"{made}: signature of {root}\n"), done.stderr
    assert signature.verify(root, made, key.with_suffix(".pub")) is None


def test_without_the_library_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who neither signs nor verifies needs it not."""
    monkeypatch.setattr(signature, "LIBRARIES", ("a_library_that_is_nowhere",))

    for call in (signature.sign, signature.verify):
        with pytest.raises(BadInput, match="install the package's extra `signing`"):
            call(tmp_path, tmp_path / "one", tmp_path / "two")
