"""Arrays of numpy by what they hold, named once."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
Booleans = npt.NDArray[np.bool_]
AnyArray = npt.NDArray[Any]
