"""Compare scores within every 8 neighbours of a row, and prune each such group alike."""

from __future__ import annotations

from tickets.groups import scope_of_groups

SCOPE = scope_of_groups(8)
