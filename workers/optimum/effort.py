"""How much a certificate may compute, and which way to the optimum that has room for.

Work is counted in the units of `workers.explain.effort`, and never timed: the same table and spec go the same way.
"""

from __future__ import annotations

from dataclasses import dataclass

BUDGET = 5_400_000_000  # 1.2 s or so on one core
SHARE = 0.1  # of the training, where that is more
READ = 100  # a cell of the table, to float64
PREPARED, TRAINED = 200, 4  # a cell in training, at least: once, and in each epoch
SYMMETRIC = 9  # columns of a product of an array with itself for a unit
REDUCED = 0.37  # a product of two columns in a QR
PASSES = 22  # that L-BFGS and conjugate gradients usually take
CONVERTED = 1  # a cell, from float32
FEW_ROWS = 5_000  # Newton's method goes through these with whole Hessians
NEWTON_STEPS = 12
INVERTED, ROOTED = 0.25, 0.55  # of the cube of a Hessian's size: its inverse, and a symmetric root by its eigenvectors
SINGULAR, EIGENVALUES = 1.7, 0.25  # of the cube of a design's width: singular values with their directions, and none
LONGEST = 20 * BUDGET  # half a minute or so, for what is not left out before
PAIR = 40_000  # a block of a Hessian for two of several outputs, over no rows at all
CURVED = 10  # a row of such a block: how much its loss is bent by two scores
LEAST_SAMPLE, ROWS_IN_METRIC = 5_000, 20  # rows in such a metric: at least, and for each two of its outputs
ROWS_FOR_EACH = 35  # rows for each column: standard errors from fewer are too large by more than 2 % or so


@dataclass(frozen=True, slots=True)
class Size:
    """The size of a linear neuron's problem."""

    rows: int
    width: int
    outputs: int

    @property
    def cells(self) -> int:
        return self.rows * self.width

    @property
    def weights(self) -> int:
        return self.width * self.outputs

    def products(self) -> int:
        """The products of the columns, and their directions."""
        return self.rows * self.width**2 // SYMMETRIC + self.width**3

    def passing(self) -> int:
        """A pass for a loss and its gradient."""
        columns = 2 * self.width if self.outputs == 1 else 6 * self.width + self.weights // 4
        return self.rows * (columns + 20 * self.outputs + 40)

    def hessian(self, every: int) -> int:
        """From every n-th row; and its inverse."""
        return self._gathered(self.rows // every, self.width) + int(INVERTED * self.weights**3)

    def metric(self) -> int:
        """What makes many passes few (`workers.optimum.score_metric`): the curvature along the scores' directions."""
        outputs = self.outputs
        every = max(1, self.rows // max(LEAST_SAMPLE, ROWS_IN_METRIC * outputs * (outputs + 1)))
        rows, directions = self.rows // every, min(self.width, outputs + 1)
        in_scores = rows * outputs**2 * CURVED
        return in_scores + self._gathered(rows, directions) + int(ROOTED * (outputs * directions) ** 3)

    def _gathered(self, rows: int, width: int) -> int:
        """The work on a Hessian's blocks, one for each two outputs."""
        if self.outputs == 1:
            return rows * (width**2 // SYMMETRIC + width)
        blocks = self.outputs * (self.outputs - 1) // 2
        return blocks * (PAIR + rows * (width**2 // SYMMETRIC + width + CURVED))


@dataclass(frozen=True, slots=True)
class Way:
    """`exact`: the table is read again in float64; else what the network reads of it. `whole`: by QR, or by Newton's
    method with whole Hessians; else by products of columns, or by gradients. Standard errors are from every n-th row;
    0: there are none. By gradients so many `passes` may be taken at most."""

    exact: bool = True
    whole: bool = True
    every: int = 1
    passes: int = 10_000


def allowance(size: Size, epochs: int, budget: int = BUDGET) -> int:
    """The units that a certificate may take beside a training of so many epochs."""
    return max(budget, int(SHARE * size.cells * (PREPARED + TRAINED * epochs)))


def to_least_squares(size: Size, allowed: int) -> Way | None:
    """For `outputs` targets at once; the cheapest way through the rows is taken whatever it costs, for training is not
    cheaper. None where the columns are so many that to tell them apart takes long by itself."""
    if int(SINGULAR * size.width**3) > max(allowed, LONGEST):
        return None
    read = READ * size.cells
    if read + int(REDUCED * size.rows * (size.width + size.outputs) ** 2) <= allowed:
        return Way()
    return Way(exact=read + size.products() <= allowed, whole=False)


def to_convex(size: Size, allowed: int, errors: bool, kept: bool = True) -> Way | None:
    """None where no way is cheap enough; `errors`: whether there are any to tell; `kept`: whether the table's rows stay
    in memory, so that they are read once and not in each pass."""
    read = READ * size.cells
    again = 0 if kept else read
    if size.rows <= FEW_ROWS and read + NEWTON_STEPS * (again + size.hessian(1)) <= allowed:
        return Way()
    exact = read + size.products() + size.metric() + PASSES * (again + size.passing()) <= allowed
    each = size.passing() + (again if exact else CONVERTED * size.cells)
    left = allowed - size.products() - size.metric() - (read if exact else 0)
    if left < PASSES * each:
        return None
    most = max(1, size.rows // (ROWS_FOR_EACH * size.width)) if errors or size.outputs == 1 else 0
    every = next((n for n in range(1, most + 1) if PASSES * each + size.hessian(n) <= left), 0)
    return Way(exact, False, every, (left - (size.hessian(every) if every else 0)) // each)
