"""The parameters of a study that tables use, as their statements record them.

A fraction or per cent is recorded as text with all its digits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tickets.design.dag import Design
from tickets.design.experiments import reached
from tickets.schedule import parse

Form = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A parameter of a table.

    form: its JSON schema; `{"$ref": "#/definitions/..."}` names one of statement.schema.json.
    of: its value, from a study's design. always: statements of every version have it.
    """

    form: Form
    of: Callable[[Design], Any]
    always: bool = True


def shared(name: str) -> Form:
    """The form called `name` in statement.schema.json."""
    return {"$ref": f"#/definitions/{name}"}


TASKS = Parameter(form=shared("tasks"), of=lambda design: list(design.tasks))
MLM_TASKS = Parameter(form=shared("tasks"), of=lambda design: design.mlm_tasks)
SPARSITIES = Parameter(form=shared("percents"), of=lambda design: list(design.sparsities))
SPARSITIES_TO_TRANSFER = Parameter(form=shared("percents"), of=reached)
SPARSITY = Parameter(form=shared("decimal"), of=lambda design: repr(float(parse(design.transfer))))
"""The sparsity at which masks are transferred, as a fraction."""

REWIND = Parameter(form=shared("decimal"), of=lambda design: repr(float(design.rewind)))
"""The rewind of the study's own masks, in per cent of training."""

REWINDS = Parameter(
    form=shared("decimals"), of=lambda design: [repr(float(rewind)) for rewind in design.rewinds]
)
"""The other rewinds, to compare it with."""
