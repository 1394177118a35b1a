"""What of a task determines its features."""

from __future__ import annotations

from dataclasses import dataclass

from tickets.flags import flag


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A task's settings that determine its features; lengths in tokens."""

    task: str = flag("the task's name", form="task")
    head: str = flag("classification, regression, span or mlm", form="head")
    max_length: int = flag("tokens in a feature", form="positive")
    stride: int | None = flag(
        "span: tokens from one window to the next",
        default=None,
        null=True,
        form={"type": "integer", "minimum": 1},
    )
    concatenate: bool = flag("mlm: join texts, then cut them", default=False)
