"""The texts in an SVG."""

from __future__ import annotations

from xml.etree import ElementTree

SVG = "{http://www.w3.org/2000/svg}"


def texts(image: bytes) -> list[str]:
    """What can be read in an SVG, in its order, a line an entry."""
    found: list[str] = []
    for text in ElementTree.fromstring(image).iter(f"{SVG}text"):
        spans = list(text.iter(f"{SVG}tspan"))
        found += ["".join(part.itertext()) for part in spans or [text]]
    return found
