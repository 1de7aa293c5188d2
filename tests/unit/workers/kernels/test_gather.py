"""A tile's rows as the layers read them, against numpy's indexing."""

from __future__ import annotations

import numba
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.kernels import gather
from workers.kernels.layout import LANES, readonly
from workers.kernels.losses import SHARE

ROWS = 50
BATCH_ROWS = 40


@numba.njit
def take(inputs, targets, weights, order, start, rows, values, aims, lanes):
    gather.gather(inputs, order, start, rows, values)
    gather.gather_targets(targets, weights, order, start, rows, BATCH_ROWS, aims, lanes)


@given(
    n_inputs=st.integers(1, 75), n_targets=st.integers(1, 3), rows=st.integers(1, 32), start=st.integers(0, 18),
    is_ordered=st.booleans(), is_weighted=st.booleans(),
)  # fmt: skip
@settings(deadline=None)
def test_rows_are_columns_of_the_tile(
    n_inputs: int, n_targets: int, rows: int, start: int, is_ordered: bool, is_weighted: bool
) -> None:
    generator = np.random.default_rng(n_inputs)
    inputs, targets = (generator.normal(size=(ROWS, n)).astype(np.float32) for n in (n_inputs, n_targets))
    weights = generator.random(ROWS if is_weighted else 0).astype(np.float32)
    order = generator.permutation(ROWS) if is_ordered else np.empty(0, dtype=np.int64)
    width = -(-rows // LANES) * LANES
    values, aims, lanes = (np.full((n, width), np.nan, dtype=np.float32) for n in (n_inputs, n_targets, 4))
    take(*(readonly(each) for each in (inputs, targets, weights, order)), start, rows, values, aims, lanes)
    found = (order if is_ordered else np.arange(ROWS))[start : start + rows]
    np.testing.assert_array_equal(values[:, :rows], inputs[found].T)
    np.testing.assert_array_equal(aims[:, :rows], targets[found].T)
    shares = np.float32(1 / BATCH_ROWS) * (weights[found] if is_weighted else np.ones(rows, dtype=np.float32))
    np.testing.assert_allclose(lanes[SHARE, :rows], shares, rtol=1e-6)
    for each in (values, aims, lanes[SHARE : SHARE + 1]):
        assert not each[:, rows:].any()
