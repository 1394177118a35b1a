"""Prune whole attention heads of 64 rows and whole units of MLPs, each compared with its kind."""

from __future__ import annotations

from tickets.units import scope_of_units

SCOPE = scope_of_units(64)
