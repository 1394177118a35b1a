"""Rule initial_loss: the MLM losses of a ticket before any training, with the pre-trained head."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tickets import architecture, canonical, flags, provenance, ticket
from tickets.architecture import PRETRAINED_HEAD
from tickets.encoded import Encoded
from tickets.errors import BadInput, run
from tickets.flags import flag, source
from tickets.model import device
from tickets.model.network import Network
from tickets.rules.initial_loss import Parameters
from tickets.training import gpu
from tickets.training.losses import sequence_losses


@dataclass(frozen=True, kw_only=True)
class Files:
    """What is read and written, and how the job runs."""

    ticket: Path = source("the ticket")
    theta: Path = source("the ticket's weights")
    mask: Path = source("the ticket's mask")
    model: Path = flag("the model's configuration")
    validation: Path = source("encoded validation split")
    trainings_per_gpu: int = flag("that share a GPU", default=1)
    losses: Path = flag("losses to write")


def main() -> None:
    parameters, files = flags.parse(__doc__, Parameters, Files)
    started = provenance.now()
    weights = ticket.read(files.ticket, files.theta, files.mask).weights
    gamma = {
        name.removeprefix(PRETRAINED_HEAD): value
        for name, value in weights.items()
        if name.startswith(PRETRAINED_HEAD)
    }
    if not gamma:
        raise BadInput(
            f"{files.theta}: has no pre-trained MLM head, whose loss could be taken;"
            " write mask_loss: false"
        )
    with gpu.reserved(files.trainings_per_gpu):
        device.prepare(parameters.threads)
        products = device.product_dtype(parameters.precision)
        network = Network.of(
            {
                name: value
                for name, value in weights.items()
                if not name.startswith(PRETRAINED_HEAD)
            },
            gamma,
            architecture.read(files.model),
            "mlm",
            dtype=products,
        )
        canonical.write(files.losses, sequence_losses(network, Encoded.read(files.validation)))
    provenance.write(
        files.losses,
        rule="initial_loss",
        parameters=flags.recorded(parameters),
        dependencies=flags.dependencies(files) | {"configuration": files.model / "config.json"},
        facts={"device": network.parameters.device.type, "products": str(products)},
        started=started,
    )


if __name__ == "__main__":
    run(main)
