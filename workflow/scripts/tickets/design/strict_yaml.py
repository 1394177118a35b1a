"""Configuration files, read strictly: a key that YAML would drop silently is an error."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from tickets.errors import BadInput


def check(files: Iterable[str | Path]) -> None:
    """Check that each file is a mapping without duplicate keys.

    Raises:
        BadInput: one line, "<file>, line <n>: <what is wrong>; write <what>".
    """
    for file in files:
        read(Path(file))


def merged(files: Iterable[Path]) -> dict[str, Any]:
    """Several files as Snakemake merges them: later files override earlier ones.

    Raises:
        BadInput: as `check`.
    """
    from snakemake.utils import update_config  # half a second, which no job should wait for

    values: dict[str, Any] = {}
    for file in files:
        update_config(values, read(file))
    return values


def read(file: Path) -> dict[str, Any]:
    """The content of a configuration file, YAML or JSON.

    Raises:
        BadInput: as `check`.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = file.read_bytes()[: error.start].count(b"\n") + 1
        raise BadInput(f"{file}, line {line}: not UTF-8 text; save it as UTF-8") from None
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}; write the path of a YAML file") from None
    content: Any = None
    try:
        with suppress(json.JSONDecodeError):  # JSON may be indented with tabs, YAML may not
            content = json.loads(text)
        content = content or yaml.load(text, _Strict)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadInput(f"{file}, line {line}: {_problem(error)}") from None
    except yaml.YAMLError as error:
        raise BadInput(f"{file}: {' '.join(str(error).split())}; write plain text") from None
    if not isinstance(content, dict):
        kind = "empty" if content is None else f"a {type(content).__name__}"
        raise BadInput(f"{file}: it is {kind}, not a mapping; write lines of `key: value`")
    return content


class _Strict(yaml.SafeLoader):
    """Refuses duplicate keys in a mapping, of which YAML would keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: dict[str, int] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                line = key.start_mark.line + 1
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        problem=f"{key.value} is in line {seen[key.value]} too; write it once",
                        problem_mark=key.start_mark,
                    )
                seen[key.value] = line
        return super().construct_mapping(node, deep=deep)


def _problem(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or ""
    if isinstance(error, yaml.constructor.ConstructorError):
        return problem if "; write" in problem else f"{problem}; write plain values"
    if "'\\t'" in problem:
        return "a tab; write spaces"
    return (
        f"not YAML ({problem}); write `key: value`, the keys of a section one below the other, and"
        " quotes around text with a colon"
    )
