"""How much the explanation of a model may compute.

Work is counted and never timed, so that the same model is explained by the same bytes. A unit is about what numpy takes
for an addition to each number of an array in float64: a quarter of a nanosecond.
"""

from __future__ import annotations

from dataclasses import dataclass

from service.domain.model.network import Network

BUDGET = 1_500_000_000  # half a second or so on one core
PASS = 150_000  # a pass over no rows at all
MATRIX = 3  # multiplications and additions of a matrix product for a unit: they need no trip to memory
MOST_ROWS, LEAST_ROWS = 2000, 100
MOST_REPEATS, LEAST_REPEATS = 10, 3
ACTIVATION = {"relu": 4, "leaky_relu": 20, "identity": 1, "tanh": 15, "sigmoid": 40, "gelu": 40, "silu": 40,
              "selu": 30, "mish": 55}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Effort:
    """`repeats` shuffles of each of `features` features, on `rows` rows."""

    rows: int
    repeats: int
    features: int

    def cost(self, network: Network) -> int:
        return self.features * self.repeats * pass_cost(network, self.rows)


def pass_cost(network: Network, rows: int) -> int:
    """The units of one pass over rows of which one feature has changed."""
    return PASS + rows * row_cost(network)


def row_cost(network: Network) -> int:
    """The units of one row in such a pass."""
    hidden, last = network.sizes[1:-1], network.sizes[-1]
    layers = sum(inputs * outputs for inputs, outputs in zip(hidden, network.sizes[2:], strict=True))
    of_one = 6 * network.sizes[1] + layers // MATRIX + ACTIVATION[network.activation] * sum(hidden) + 20 * last
    return network.members * of_one


def plan(network: Network, features: int, rows: int, budget: int = BUDGET) -> Effort:
    """The effort with as many rows and repeats as the budget has room for. Only the widest networks leave features
    out."""
    least = min(rows, LEAST_ROWS)
    passes = features * LEAST_REPEATS
    if passes * pass_cost(network, least) > budget:
        return Effort(least, LEAST_REPEATS, max(1, budget // (LEAST_REPEATS * pass_cost(network, least))))
    taken = min(rows, MOST_ROWS, max(least, (budget // passes - PASS) // row_cost(network)))
    repeats = budget // (features * pass_cost(network, taken))
    return Effort(taken, min(repeats, MOST_REPEATS), features)
