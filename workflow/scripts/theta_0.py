"""Rule theta_0: the pre-trained weights from a model directory, and its configuration."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tickets import flags, provenance, weights
from tickets.architecture import CONFIGURATION, PRETRAINED_HEAD
from tickets.data.sources import files_of, model_directory
from tickets.errors import run
from tickets.flags import flag
from tickets.initial import pretrained
from tickets.rules.theta_0 import Parameters


@dataclass(frozen=True, kw_only=True)
class Files:
    """What is read and written."""

    local_copy: Path | None = flag("directory to read instead of the hub")
    configuration: Path = flag("directory to write")
    output: Path = flag("weight file to write")


def main() -> None:
    parameters, files = flags.parse(__doc__, Parameters, Files)
    started = provenance.now()
    copies = {parameters.model: str(files.local_copy)} if files.local_copy else {}
    model = model_directory(parameters.model, parameters.revision, copies)
    theta = pretrained.read(model)
    prunable = weights.prunable_of(theta)
    print(f"{parameters.model}: the prunable set\n{prunable}")
    pretrained.write_configuration(model, files.configuration)
    weights.write(files.output, theta)
    dependencies = {f"model/{file.name}": file.resolve() for file in files_of(model)}
    provenance.write(
        files.output,
        *(files.configuration / name for name in CONFIGURATION),
        rule="theta_0",
        parameters=flags.recorded(parameters),
        dependencies=dependencies,
        facts={
            "prunable": prunable.size,
            "prunable_set": prunable.digest,
            "pretrained_mlm_head": any(name.startswith(PRETRAINED_HEAD) for name in theta),
        },
        started=started,
    )


if __name__ == "__main__":
    run(main)
