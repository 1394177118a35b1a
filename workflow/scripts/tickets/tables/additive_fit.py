"""Sources compared where each has other targets: delta(S, T) = a_S + b_T by least squares.

No source is counted on its own task. Its plain mean over the others would then be high if its own
task is one on which all masks lose much, whatever its mask is worth.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def source_means(pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
    """The matrix [sources, pairs] from one number a pair (S, T) to a_S + mean of b_T, a source.

    Sources stand in the order in which `pairs` has them first; the mean is over all targets there.
    A source with all targets has its plain mean. What the pairs leave open (two tasks, each the
    other's only target) is taken as no difference between targets.
    """
    of_source, of_target = (_indicators([pair[side] for pair in pairs]) for side in (0, 1))
    mean = np.linalg.pinv(of_source)
    within = of_target - of_source @ mean @ of_target
    # The least solution: its b_T sum to zero, and a_S is the mean that is asked for.
    return mean @ (np.eye(len(pairs)) - of_target @ np.linalg.pinv(within))


def _indicators(names: Sequence[str]) -> NDArray[np.float64]:
    """Shape [names, distinct names], 1 where the name is the column's."""
    distinct = list(dict.fromkeys(names))
    return np.array([[float(name == each) for each in distinct] for name in names])
