"""Arrow columns from numbers and texts, and back, without pandas.

`pa.array` and `to_numpy` import pandas: a third of a second that a short job can save.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def column(values: NDArray[Any]) -> pa.Array:
    """A column with one number per row, of the same type; contiguous `values` [n] are not copied.

    Raises:
        ValueError: more than one axis, or not integers or floats in the machine's byte order.
    """
    if values.ndim != 1 or values.dtype.kind not in "iuf" or not values.dtype.isnative:
        raise ValueError(f"{values.dtype} {values.shape} is not a column of numbers")
    buffer = pa.py_buffer(np.ascontiguousarray(values))
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), values.size, [None, buffer])


def lists(offsets: NDArray[np.int64], values: NDArray[Any]) -> pa.ListArray:
    """A column with one list per row: row i is `values[offsets[i]:offsets[i + 1]]`.

    Raises:
        ValueError: more numbers than an Arrow list array can hold, or as for `column`.
    """
    if offsets[-1] > np.iinfo(np.int32).max:
        raise ValueError("more than 2^31 - 1 numbers, the limit of Arrow's lists")
    return pa.ListArray.from_arrays(column(offsets.astype(np.int32)), column(values))


def rows(values: NDArray[Any]) -> pa.ListArray:
    """A column with the rows of a matrix [n, k] as lists.

    Raises:
        ValueError: as for `lists`.
    """
    number, width = values.shape
    return lists(np.arange(number + 1, dtype=np.int64) * width, values.reshape(-1))


def texts(values: Sequence[str]) -> pa.StringArray:
    """A column with one text per row.

    Raises:
        ValueError: more bytes than an Arrow string array can hold.
    """
    encoded = [value.encode() for value in values]
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    if offsets[-1] > np.iinfo(np.int32).max:
        raise ValueError("more than 2^31 - 1 bytes, the limit of Arrow's strings")
    buffer = pa.py_buffer(offsets.astype(np.int32))
    return pa.StringArray.from_buffers(len(encoded), buffer, pa.py_buffer(b"".join(encoded)))


def numbers(values: pa.Array) -> NDArray[Any]:
    """The numbers of a column without nulls, as a view of its bytes: the inverse of `column`."""
    return np.from_dlpack(values)
