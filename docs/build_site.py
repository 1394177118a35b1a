"""Build these documents as a site.

    python docs/build_site.py FOLDER

Its pages are docs/README.md, the documents that it names, in that order, and whatever those and the
project's README link to. Needs the extra `docs`. The site is FOLDER/site; open it with
`python -m http.server --directory FOLDER/site`.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

import tickets

ROOT = Path(__file__).resolve().parents[1]
HOME, CONTENTS, API = Path("README.md"), Path("docs/README.md"), Path("docs/python.md")
LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)[^)]*\)")
CODE = re.compile(r"(?ms)^(```|~~~).*?^\1|^ {4}.*?$|`[^`\n]*`")
PYTHON = {
    "paths": [str(ROOT / "workflow" / "scripts")],
    "options": {"show_source": False, "show_root_heading": True, "heading_level": 2},
}
SECTION = re.compile(r"(?m)^\*\*(.+)\*\*$")


def links(page: Path) -> Iterator[Path]:
    """The project's files that a page links to, relative to the project's folder."""
    text = CODE.sub("", (ROOT / page).read_text(encoding="utf-8"))
    yield from (resolve(page, link) for link in LINK.findall(text))


def resolve(page: Path, link: str) -> Path:
    """The file that a link of a page leads to, relative to the project's folder."""
    return (ROOT / page.parent / link).resolve().relative_to(ROOT)


def linked_files(*pages: Path) -> list[Path]:
    """These pages, and all files that they lead to."""
    files = list(dict.fromkeys(pages))
    for file in files:  # grows on the way
        if file.suffix == ".md":
            files += [each for each in dict.fromkeys(links(file)) if each not in files]
    return files


def title(page: Path) -> str:
    """A page's heading."""
    return re.search(r"(?m)^# (.+)$", (ROOT / page).read_text(encoding="utf-8"))[1]


def navigation() -> list[dict[str, Any]]:
    """The sections of docs/README.md with the pages that they name."""
    _, *parts = SECTION.split((ROOT / CONTENTS).read_text(encoding="utf-8"))
    sections = [{"Start": [{title(HOME): str(HOME)}]}]
    for name, text in zip(parts[::2], parts[1::2], strict=True):
        pages = [resolve(CONTENTS, link) for link in LINK.findall(text)]
        sections.append({name: [{title(page): str(page)} for page in pages]})
    return [*sections, {"Python": [{"Functions": str(API)}]}]


def api() -> str:
    """The page of the package's public functions, from their docstrings."""
    functions = sorted(f"{module}.{name}" for name, module in tickets.PUBLIC.items())
    parts = [f"::: tickets.exchange.{each}" for each in functions]
    return "\n\n".join(["# Python functions", *parts, ""])


def write_source(folder: Path) -> None:
    """Copy pages, and the files that they link to, and write the configuration of the site."""
    source = folder / "source"
    for file in linked_files(HOME, CONTENTS):
        (source / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, source / file)
    (source / API).write_text(api(), encoding="utf-8")
    settings = {
        "site_name": title(HOME),
        "docs_dir": "source",
        "site_dir": "site",
        "nav": navigation(),
        "theme": {"font": False, "features": ["navigation.sections", "search.highlight"]},
        "markdown_extensions": ["tables", "toc", "pymdownx.superfences", "attr_list"],
        "plugins": ["search", {"mkdocstrings": {"handlers": {"python": PYTHON}}}],
    }
    (folder / "mkdocs.yml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")


def main() -> None:
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        raise SystemExit(__doc__)
    folder = Path(sys.argv[1])
    shutil.rmtree(folder, ignore_errors=True)
    write_source(folder)
    command = [Path(sys.executable).with_name("zensical"), "build", "--strict"]
    raise SystemExit(subprocess.run(command, cwd=folder, check=False).returncode)


if __name__ == "__main__":
    main()
