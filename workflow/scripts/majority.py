"""Rule majority: predict a task's validation split with the best constant answer."""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets import canonical, provenance
from tickets.data.majority import constant_label, constant_text, constant_token, constant_value
from tickets.encoded import Encoded
from tickets.errors import run


def main() -> None:
    """Write predictions that all give the same answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--head", required=True, help="classification, regression, span or mlm")
    parser.add_argument("--train", type=Path, required=True, help="canonical training data")
    parser.add_argument("--validation", type=Path, required=True, help="canonical validation data")
    parser.add_argument("--encoded-train", type=Path, required=True, help="the same, encoded")
    parser.add_argument("--encoded-validation", type=Path, required=True, help="the same, encoded")
    parser.add_argument("--output", type=Path, required=True, help="the predictions")
    flags = parser.parse_args()
    started = provenance.now()
    validation = canonical.read(flags.validation)
    dependencies = {"validation": flags.validation}
    if flags.head == "mlm":
        dependencies |= {"encoded-train": flags.encoded_train}
        dependencies |= {"encoded-validation": flags.encoded_validation}
        encoded = Encoded.read(flags.encoded_train), Encoded.read(flags.encoded_validation)
        predictions = constant_token(*encoded, validation)
    else:
        dependencies |= {"train": flags.train}
        predict = {
            "classification": constant_label,
            "regression": constant_value,
            "span": constant_text,
        }[flags.head]
        predictions = predict(canonical.read(flags.train), validation)
    canonical.write(flags.output, predictions)
    provenance.write(
        flags.output,
        rule="majority",
        parameters={"head": flags.head},
        dependencies=dependencies,
        started=started,
    )


if __name__ == "__main__":
    run(main)
