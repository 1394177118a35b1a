"""The documents as a site: docs/build_site.py."""

from __future__ import annotations

import functools
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pytest

import browser

ROOT = Path(__file__).parents[2]
QUESTION = "does a mask found on one task serve another"  # on docs/experiments.md
needs_zensical = pytest.mark.skipif(
    importlib.util.find_spec("zensical") is None, reason="the extra `docs` is not installed"
)


@pytest.fixture(scope="module")
def program() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_site", ROOT / "docs" / "build_site.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documents")
    subprocess.run([sys.executable, ROOT / "docs" / "build_site.py", folder], check=True)
    return folder / "site"


@pytest.fixture
def address(site: Path) -> Iterator[str]:
    handler = functools.partial(SimpleHTTPRequestHandler, directory=site)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_every_document_is_in_the_contents(program: ModuleType) -> None:
    pages = [page for section in program.navigation() for each in section.values() for page in each]
    named = {path for page in pages for path in page.values()}

    written = {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")}
    assert written - named == {"docs/README.md"}


def test_every_document_says_for_whom_it_is() -> None:
    """The first paragraph, after the title."""
    begin = {
        path.name: path.read_text(encoding="utf-8").split("\n\n")[1][:4]
        for path in (ROOT / "docs").glob("*.md")
    }

    assert begin == dict.fromkeys(begin, "For ")


@needs_zensical
def test_a_page_links_to_pages_and_finds_words(site: Path) -> None:
    """Relative links lead from page to page, and the search knows what stands on them."""
    page = (site / "docs" / "experiments" / "index.html").read_text(encoding="utf-8")
    found = json.loads((site / "search.json").read_text(encoding="utf-8"))

    assert re.search(r'href="\.\./files/', page)
    assert any(QUESTION in str(each) for each in found["items"])
    assert (site / "config" / "minilm.yaml").is_file()


@needs_zensical
def test_python_functions_come_from_docstrings(site: Path) -> None:
    page = (site / "docs" / "python" / "index.html").read_text(encoding="utf-8")

    for name in ("load_mask", "apply_mask", "apply_delta"):
        assert name in page
    assert "Raises" in page


@needs_zensical
def test_a_dead_link_ends_the_build(site: Path, tmp_path: Path) -> None:
    shutil.copytree(site.parent, tmp_path / "copy")
    page = tmp_path / "copy" / "source" / "docs" / "engine.md"
    with page.open("a", encoding="utf-8") as file:
        print("\n[nowhere](tutorial.md#nowhere)", file=file)
    build = [Path(sys.executable).with_name("zensical"), "build", "--strict"]

    done = subprocess.run(build, cwd=tmp_path / "copy", capture_output=True, text=True, check=False)

    assert done.returncode
    assert "anchor does not exist" in done.stdout + done.stderr


@needs_zensical
@browser.needed
def test_a_browser_shows_it(address: str) -> None:
    """A page has its contents and the search, and asks nothing of another host."""
    ran = browser.run(f"{address}/docs/experiments/")

    assert browser.console(ran) == []
    assert all(each in ran.stdout for each in (QUESTION, 'href="../tutorial/"', "Search"))
