"""Compare scores within each row of a matrix, the inputs of one unit, and prune each row alike."""

from __future__ import annotations

from tickets.groups import scope_of_groups

SCOPE = scope_of_groups(None)
