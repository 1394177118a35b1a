"""Rule language: the tasks of the embedded study's language."""

from __future__ import annotations

from tickets.language.generator import Language

Parameters = Language
