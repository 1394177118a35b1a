"""Rule theta_0: the pre-trained weights from a model directory, and its configuration."""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets import provenance, weights
from tickets.architecture import CONFIGURATION, PRETRAINED_HEAD
from tickets.data.sources import files_of, model_directory
from tickets.errors import run
from tickets.initial import pretrained


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="a model directory or a hub id")
    parser.add_argument("--revision", help="40 hexadecimal digits, for a hub id")
    parser.add_argument("--local-copy", type=Path, help="directory to read instead of the hub")
    parser.add_argument("--configuration", type=Path, required=True, help="directory to write")
    parser.add_argument("--output", type=Path, required=True, help="weight file to write")
    flags = parser.parse_args()
    started = provenance.now()
    copies = {flags.model: str(flags.local_copy)} if flags.local_copy else {}
    model = model_directory(flags.model, flags.revision, copies)
    theta = pretrained.read(model)
    prunable = weights.prunable_of(theta)
    print(f"{flags.model}: the prunable set\n{prunable}")
    pretrained.write_configuration(model, flags.configuration)
    weights.write(flags.output, theta)
    files = {f"model/{file.name}": file.resolve() for file in files_of(model)}
    provenance.write(
        flags.output,
        *(flags.configuration / name for name in CONFIGURATION),
        rule="theta_0",
        parameters={"model": flags.model, "revision": flags.revision},
        dependencies=files,
        facts={
            "prunable": prunable.size,
            "prunable_set": prunable.digest,
            "pretrained_mlm_head": any(name.startswith(PRETRAINED_HEAD) for name in theta),
        },
        started=started,
    )


if __name__ == "__main__":
    run(main)
