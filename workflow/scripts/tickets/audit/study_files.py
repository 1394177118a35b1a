"""What the file at a path of a study is: the paths of `paths.Results`, parsed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from tickets import adapted
from tickets.architecture import CONFIGURATION
from tickets.criterion import SPLITS
from tickets.design import registry
from tickets.names import MASK, MEANING, ORDER, SEED, TASK, TRAINING, WEIGHTS
from tickets.paths import UNSTATED, Results

_FORMS = {
    "mask": MASK,
    "meaning": MEANING,
    "weights": WEIGHTS,
    "task": TASK,
    "seed": SEED,
    "order": ORDER,
    "split": "|".join(SPLITS),
    "part": "|".join(registry.all_parts()),
    "name": "[a-z][a-z0-9_]*",
    "kind": "svg|png",
    "configuration": "|".join(map(re.escape, CONFIGURATION)),
    "folder": f"model|{adapted.ORIGINAL}",
}


@dataclass(frozen=True, kw_only=True)
class StudyFile:
    """A file of a study: its kind, and the other parts of its path by name."""

    kind: str
    parts: Mapping[str, str]


def _patterns() -> dict[str, re.Pattern[str]]:
    files = Results(root=".")
    return {
        kind: _pattern(path)
        for kind, path in {
            "mask": files.mask("{mask}"),
            "ticket": files.ticket("{weights}", "{mask}"),
            "trained": files.trained(TRAINING),
            "movement": files.movement(TRAINING),
            "weights": files.weights("{weights}"),
            "predictions": files.predictions(TRAINING),
            "line": files.line(TRAINING),
            "losses": files.losses("{mask}", "{task}"),
            "majority": files.majority("{task}"),
            "data": files.data("{task}", "{split}"),
            "encoded": files.encoded("{task}", "{split}"),
            "metrics": files.metrics("{part}"),
            "table": files.table("{name}"),
            "text": files.text("{name}"),
            "figure": files.figure("{name}", "{kind}"),
            "configuration": f"{files.folder('{folder}')}/{{configuration}}",
            "language": files.language("{task}", "{split}"),
            "vocabulary": files.vocabulary(),
            "corpus": files.corpus(),
            "checkpoint": files.checkpoint(),
            "validation": files.validation(),
            "new_configuration": f"{files.folder('pretrained')}/{{configuration}}",
            "original": files.weights(adapted.ORIGINAL),
            "adapted": adapted.checkpoint(files),
            "losses_of_adapting": adapted.losses(files),
            "adapted_configuration": f"{files.folder(adapted.ADAPTED)}/{{configuration}}",
        }.items()
    }


def _pattern(path: str) -> re.Pattern[str]:
    text = re.escape(path.removeprefix("./"))
    for name, form in _FORMS.items():
        text = text.replace(re.escape(f"{{{name}}}"), f"(?P<{name}>{form})")
    return re.compile(text)


_PATTERNS = _patterns()


def parse_path(path: str) -> StudyFile | None:
    """The file of a study at `path`, relative to the results folder; None if no study has it."""
    for kind, pattern in _PATTERNS.items():
        if match := pattern.fullmatch(path):
            groups = match.groupdict()
            return StudyFile(
                kind=kind, parts={name: groups[name] for name in _FORMS if name in groups}
            )
    return None


def is_audited(path: str) -> bool:
    """Whether the file at `path` counts for the audit: not logs, nor what only running jobs use."""
    return path.partition("/")[0] not in UNSTATED


def needs_statement(path: str) -> bool:
    """Whether the file at `path` should have a statement: if it is audited, and not of the
    configuration of the model that an embedded study pre-trains.
    """
    file = parse_path(path)
    return is_audited(path) and (file is None or file.kind != "new_configuration")


def is_clear(name: str) -> bool:
    """Whether every system reads this file name alike."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    plain = unicodedata.is_normalized("NFC", name) and name.isprintable()
    return plain and not set(name) & {"\\", ":"}
