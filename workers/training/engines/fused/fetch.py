"""Rows asked of memory before they are needed: in a random order each row of a large table is a miss of every cache.

A miss takes as long as half a step of a linear neuron on 32 rows. Asked for while the batch before is worked on, the
rows are there: with 1,000,000 rows of 8 columns a step then takes a third of the time.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils as untyped_cgutils
from numba.core import types
from numba.core.extending import intrinsic
from numba.np import arrayobj as untyped_arrayobj

from workers.training.engines.fused.compiled import kernel
from workers.training.engines.fused.layout import LANES, Floats32, Ints

cgutils: Any = untyped_cgutils
arrayobj: Any = untyped_arrayobj

MOST_COLUMNS = 8 * LANES  # of a row that are asked for: a processor sees by itself how a long row goes on


def _prefetch(_typing: Any, array: Any, row: Any, column: Any) -> Any:
    """LLVM's prefetch of array[row, column] for reading, into every cache; the array is C-contiguous."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        whole = arrayobj.make_array(signature.args[0])(context, builder, arguments[0])
        address = cgutils.get_item_pointer(context, builder, signature.args[0], whole, arguments[1:], wraparound=False)
        byte = builder.bitcast(address, cgutils.voidptr_t)
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, number, number, number])
        prefetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(prefetch, [byte, number(0), number(3), number(1)])
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp), generate


ask_for: Any = intrinsic(_prefetch)


@kernel
def fetch(inputs: Floats32, targets: Floats32, order: Ints, start: int, rows: int) -> None:
    """Ask for the rows that are next in the order; an empty order needs no asking."""
    stop = min(start + rows, len(order))
    columns = min(inputs.shape[1], MOST_COLUMNS)
    for i in range(start, stop):
        row = order[i]
        for column in range(0, columns, LANES):
            ask_for(inputs, row, column)
        ask_for(targets, row, 0)
