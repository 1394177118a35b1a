"""Rule interpolate: loss and metric on the line between the ends of two trainings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tickets.training import quick_torch  # isort: skip

import pyarrow as pa

from tickets import architecture, canonical, flags, provenance, weights
from tickets.encoded import Encoded
from tickets.errors import run
from tickets.flags import flag, source
from tickets.model import device
from tickets.rules.interpolate import Parameters
from tickets.scores.scoring import score
from tickets.training import gpu
from tickets.training.evaluation import predict
from tickets.training.interpolation import ALPHAS, interpolate, mean_loss, network_of


@dataclass(frozen=True, kw_only=True)
class Files:
    """What is read and written, and how the job runs."""

    first: Path = source("weights at the end of a training")
    second: Path = source("those of the same training in another order of its data")
    model: Path = flag("the model's configuration")
    validation: Path = source("encoded validation split")
    data: Path = source("validation split in canonical columns")
    line: Path = flag("the table to write")
    trainings_per_gpu: int = flag("jobs that share a GPU", default=1)


def main() -> None:
    parameters, files = flags.parse(__doc__, Parameters, Files)
    with gpu.reserved(files.trainings_per_gpu):
        write_line(parameters, files)


def write_line(parameters: Parameters, files: Files) -> None:
    """Write a row for each of `ALPHAS`: alpha, the loss, and the score in per cent."""
    quick_torch.collect_again()
    started = provenance.now()
    device.prepare(parameters.threads)
    products = device.product_dtype(parameters.precision)

    model = architecture.read(files.model)
    first, second = weights.read(files.first), weights.read(files.second)
    validation, data = Encoded.read(files.validation), canonical.read(files.data)
    losses: list[float] = []
    scores: list[float] = []
    for alpha in ALPHAS:
        between = interpolate(first, second, alpha)
        network = network_of(between, model, parameters.head, products)
        losses.append(mean_loss(network, validation))
        predictions = predict(network, validation, data)
        scores.append(score([parameters.metric], predictions)[parameters.metric])
    columns = {"alpha": ALPHAS, "loss": losses, parameters.metric: scores}
    canonical.write(files.line, pa.table(columns))
    dependencies = flags.dependencies(files) | {"configuration": files.model / "config.json"}
    provenance.write(
        files.line,
        rule="interpolate",
        parameters=flags.recorded(parameters),
        dependencies=dependencies,
        facts={"device": str(device.best_device().type), "products": str(products)},
        started=started,
    )


if __name__ == "__main__":
    run(main)
