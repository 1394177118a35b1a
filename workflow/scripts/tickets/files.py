"""Reading and atomic writing of files, and their digests."""

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
    """Yield a temporary path beside `path`; on success fsync that file and rename it to `path`.

    A crash at any moment leaves the old file or the new one, whole.

    Raises:
        CannotWrite: the system refuses, here or in the block; no temporary file remains.
    """
    temporary = path.with_name(f".{path.name}.{os.uname().nodename}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        _sync(temporary)
        # safetensors writes with mode 0600, which others on a shared cluster cannot read.
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
        _sync(path.parent)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        remedy = REMEDIES.get(error.errno or 0, "fix that")
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
    """Read a regular file; it is opened once, and a final symbolic link is not followed.

    Raises:
        Tampered: the file is missing, is a link, pipe, device or folder, or changed meanwhile.
    """
    try:
        # Without O_NONBLOCK, opening a pipe would wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise _not_plain(path, error.strerror or str(error)) from None
    before = os.fstat(descriptor)
    if not stat.S_ISREG(before.st_mode):
        os.close(descriptor)
        raise _not_plain(path, "it is not a regular file")
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
    """JSON with sorted keys and no spaces: equal values give equal bytes; NaN raises ValueError."""
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
