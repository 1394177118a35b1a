"""Pages opened in a Chromium without a window, from the disk and without a network."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
needed = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium is on the PATH (Debian: apt-get install chromium)"
)
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--hide-scrollbars", "--enable-logging=stderr", "--virtual-time-budget=30000", "--dump-dom"),
    # Whatever were asked for of any other host would be an error on the console.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


# A window is never narrower than 500 pixels, a frame is; and what is within can be measured.
FRAME = """<!doctype html>
<iframe style="width: {width}px; height: 900px; border: 0" srcdoc="{page}"></iframe>
<pre id="found"></pre>
<script>
const frame = document.querySelector("iframe");
frame.onload = async () => {{
  const drawn = () => frame.contentDocument.querySelector("{done}");
  for (let tries = 0; tries < 200 && !drawn(); tries++)
    await new Promise(again => setTimeout(again, 100));
  const charts = [...frame.contentDocument.querySelectorAll("svg.marks")];
  const size = chart => [chart.getBoundingClientRect().width, chart.getBoundingClientRect().height];
  document.getElementById("found").textContent = JSON.stringify({{
    charts: charts.map(size),
    svg: charts.map(chart => chart.outerHTML).join(""),
    text: frame.contentDocument.body.innerText,
    across: frame.contentDocument.documentElement.scrollWidth,
  }});
}};
</script>
"""


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A page when its scripts are done, and what they said to the console.

    charts: width and height of each, in pixels; svg: all of them; across: the width that the page
    takes, in pixels; text: what can be read on it.
    """

    charts: list[tuple[float, float]]
    svg: str
    text: str
    across: int
    console: list[str]


def opened(page: Path, width: int, dark: bool, done: str) -> Opened:
    """The page in a frame so wide (pixels), for a reader who prefers dark or light.

    `done` selects (CSS) what is there when the page's scripts are done.
    """
    outer = page.with_suffix(".frame.html")
    inner = escape(page.read_text(encoding="utf-8"))
    outer.write_text(FRAME.format(width=width, page=inner, done=done), encoding="utf-8")
    colours = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
    ran = run(outer.as_uri(), colours)
    found = re.search(r'<pre id="found">(.*?)</pre>', ran.stdout, re.DOTALL)
    assert found is not None, ran.stderr
    return Opened(**json.loads(unescape(found[1])), console=console(ran))


def run(address: str, *options: str) -> subprocess.CompletedProcess[str]:
    """What the browser prints: the page of this address when its scripts are done."""
    assert CHROMIUM is not None
    with tempfile.TemporaryDirectory() as profile:
        settings = (f"--user-data-dir={profile}", "--window-size=1400,1000")
        command = [CHROMIUM, *QUIET, *settings, *options, address]
        return subprocess.run(command, capture_output=True, text=True, check=True)


def console(ran: subprocess.CompletedProcess[str]) -> list[str]:
    """The lines that a page's scripts, or its failed requests, left on the console."""
    return [line for line in ran.stderr.splitlines() if ":CONSOLE:" in line]
