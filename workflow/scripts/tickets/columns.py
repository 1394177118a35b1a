"""Arrow columns from numbers and texts, and back, without pandas.

`pa.array` and `to_numpy` import it: a third of a second, which a short job should not spend.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def column(values: NDArray[Any]) -> pa.Array:
    """A number a row, in its own type; contiguous `values` [n] are seen, not copied.

    Raises:
        ValueError: more than one axis, or other than integers or floats in the machine's order.
    """
    if values.ndim != 1 or values.dtype.kind not in "iuf" or not values.dtype.isnative:
        raise ValueError(f"{values.dtype} {values.shape} is no column of numbers")
    buffer = pa.py_buffer(np.ascontiguousarray(values))
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), values.size, [None, buffer])


def lists(offsets: NDArray[np.int64], values: NDArray[Any]) -> pa.ListArray:
    """A list a row: row i is `values[offsets[i]:offsets[i + 1]]`.

    Raises:
        ValueError: more numbers than Arrow's lists hold, or as for `column`.
    """
    if offsets[-1] > np.iinfo(np.int32).max:
        raise ValueError("more than 2^31 - 1 numbers: Arrow's lists end there")
    return pa.ListArray.from_arrays(column(offsets.astype(np.int32)), column(values))


def rows(values: NDArray[Any]) -> pa.ListArray:
    """A list a row: those of a matrix [n, k].

    Raises:
        ValueError: as for `lists`.
    """
    number, width = values.shape
    return lists(np.arange(number + 1, dtype=np.int64) * width, values.reshape(-1))


def texts(values: Sequence[str]) -> pa.StringArray:
    """A text a row.

    Raises:
        ValueError: more bytes than Arrow's texts hold.
    """
    encoded = [value.encode() for value in values]
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    if offsets[-1] > np.iinfo(np.int32).max:
        raise ValueError("more than 2^31 - 1 bytes: Arrow's texts end there")
    ends = pa.py_buffer(offsets.astype(np.int32))
    return pa.StringArray.from_buffers(len(encoded), ends, pa.py_buffer(b"".join(encoded)))


def numbers(values: pa.Array) -> NDArray[Any]:
    """What `column` was given, seen through the same bytes; there are no nulls in it."""
    return np.from_dlpack(values)
