"""A statement with the name of no file, where statements lead to files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tickets.errors import Tampered
from tickets.exchange.files_with_statements import list_files_with_statements


@pytest.mark.parametrize("name", [".prov.json", "..prov.json"])
def test_a_statement_of_no_file_is_said_in_one_line(
    tmp_path: Path, command: Callable[..., int], capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """To whatever hands files on, and by `tickets verify`."""
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks" / name).touch()

    with pytest.raises(Tampered, match="alone and is about no file; delete it"):
        list_files_with_statements(tmp_path)
    assert command("verify", tmp_path) == 1

    assert capsys.readouterr().err.startswith(f"error: {tmp_path}: a statement in it or below")
