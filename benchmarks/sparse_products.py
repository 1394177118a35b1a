"""What zeros gain without special hardware: dense products against sparse ones (CSR), one thread.

BERT-base's matrices times 128 tokens, with zeros at random places. Times are CPU times, each the
least of several runs, which other programs disturb little.
"""

from __future__ import annotations

import argparse
import time
import warnings

import torch
from torch import Tensor

SHAPES = ((768, 768), (3072, 768), (768, 3072))
SPARSITIES = (0.7, 0.8, 0.9)
TOKENS = 128


def main() -> None:
    """Print one row for each matrix and sparsity."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=50, help="runs of each product")
    flags = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta state")
    print(f"torch {torch.__version__}, {TOKENS} tokens")
    print("| matrix | sparsity | dense, ms | dense bfloat16, ms | CSR, ms | dense, MB | CSR, MB |")
    print("|---|---|---|---|---|---|---|")
    for shape in SHAPES:
        inputs = torch.randn(shape[1], TOKENS)
        for sparsity in SPARSITIES:
            weights = torch.randn(shape) * (torch.rand(shape) >= sparsity)
            sparse = weights.to_sparse_csr()
            assert torch.allclose(sparse @ inputs, weights @ inputs, atol=1e-3)
            times = (
                least(weights, inputs, flags.runs),
                least(weights.bfloat16(), inputs.bfloat16(), flags.runs),
                least(sparse, inputs, flags.runs),
            )
            parts = (sparse.values(), sparse.col_indices(), sparse.crow_indices())
            sizes = weights.nbytes / 1e6, sum(part.nbytes for part in parts) / 1e6
            cells = [f"{ms:.2f}" for ms in times] + [f"{size:.1f}" for size in sizes]
            print(f"| {shape[0]} x {shape[1]} | {sparsity:.0%} | {' | '.join(cells)} |")


def least(weights: Tensor, inputs: Tensor, runs: int) -> float:
    """The least CPU time of `weights @ inputs`, in milliseconds."""
    times: list[float] = []
    for _ in range(runs):
        started = time.thread_time()
        torch.mm(weights, inputs)
        times.append(time.thread_time() - started)
    return min(times) * 1e3


if __name__ == "__main__":
    main()
