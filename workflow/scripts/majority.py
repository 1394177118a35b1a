"""Rule majority: predict a task's validation split with the best constant answer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tickets import canonical, flags, provenance
from tickets.data.majority import constant_label, constant_text, constant_token, constant_value
from tickets.encoded import Encoded
from tickets.errors import run
from tickets.flags import flag
from tickets.rules.majority import Parameters


@dataclass(frozen=True, kw_only=True)
class Files:
    """What is read and written."""

    train: Path = flag("canonical training data")
    validation: Path = flag("canonical validation data")
    encoded_train: Path = flag("the same, encoded")
    encoded_validation: Path = flag("the same, encoded")
    output: Path = flag("the predictions")


def main() -> None:
    """Write predictions that all give the same answer."""
    parameters, files = flags.parse(__doc__, Parameters, Files)
    started = provenance.now()
    validation = canonical.read(files.validation)
    dependencies = {"validation": files.validation}
    if parameters.head == "mlm":
        dependencies |= {"encoded-train": files.encoded_train}
        dependencies |= {"encoded-validation": files.encoded_validation}
        encoded = Encoded.read(files.encoded_train), Encoded.read(files.encoded_validation)
        predictions = constant_token(*encoded, validation)
    else:
        dependencies |= {"train": files.train}
        predict = {
            "classification": constant_label,
            "regression": constant_value,
            "span": constant_text,
        }[parameters.head]
        predictions = predict(canonical.read(files.train), validation)
    canonical.write(files.output, predictions)
    provenance.write(
        files.output,
        rule="majority",
        parameters=flags.recorded(parameters),
        dependencies=dependencies,
        started=started,
    )


if __name__ == "__main__":
    run(main)
