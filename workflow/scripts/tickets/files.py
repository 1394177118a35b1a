"""Files that are either whole or not there, and the digests that name them."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tickets.errors import CannotWrite, Tampered

REMEDIES = {
    errno.ENOSPC: "make room on its disk",
    errno.EDQUOT: "make room within the quota of its disk",
    errno.EFBIG: "raise the limit on the size of a file (ulimit -f)",
    errno.EACCES: "make its folder writable",
    errno.EPERM: "make its folder writable",
    errno.EROFS: "make its folder writable",
}


@contextmanager
def replacing(path: Path) -> Generator[Path]:
    """Yield a temporary path beside `path`; on success it is fsynced and takes `path`'s name.

    A crash at any moment leaves the old file or the new one, never a part of either.

    Raises:
        CannotWrite: the system refuses, in here or in the block; there is no temporary file left.
    """
    temporary = path.with_name(f".{path.name}.{os.uname().nodename}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        _sync(temporary)
        temporary.chmod(
            0o666 & ~_umask()
        )  # safetensors writes 0600, which a shared cluster can't read
        temporary.replace(path)
        _sync(path.parent)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        remedy = REMEDIES.get(error.errno or 0, "mend that")
        raise CannotWrite(
            f"{path}: cannot be written ({reason}); the last good file is untouched; "
            f"{remedy}, then run again"
        ) from None
    finally:
        with suppress(OSError):
            temporary.unlink()


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path` atomically.

    Raises:
        CannotWrite: the system refuses.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def read_bytes(path: Path) -> bytes:
    """Read a regular file, opened once and without following a final symbolic link.

    Raises:
        Tampered: the path is not there, is a link, pipe, device or folder, or changed meanwhile.
    """
    try:
        # A pipe would be waited for otherwise.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise _not_plain(path, error.strerror or str(error)) from None
    before = os.fstat(descriptor)
    if not stat.S_ISREG(before.st_mode):
        os.close(descriptor)
        raise _not_plain(path, "it is no regular file")
    with os.fdopen(descriptor, "rb") as file:
        data = file.read()
        after = os.fstat(descriptor)
    if (before.st_size, before.st_mtime_ns) != (len(data), after.st_mtime_ns):
        raise Tampered(f"{path}: it changed while it was read; read it again", "changed-meanwhile")
    return data


def _not_plain(path: Path, reason: str) -> Tampered:
    return Tampered(f"{path}: cannot be read as a plain file ({reason})", "not-a-plain-file")


def sha256(data: bytes) -> str:
    """The sha256 digest of `data`, 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def canonical_json(value: Any) -> bytes:
    """JSON with sorted keys and no spaces: equal values give equal bytes. NaN is refused."""
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
