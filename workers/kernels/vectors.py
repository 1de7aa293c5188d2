"""What numba has no words for, said in LLVM's: memory asked for before it is needed, blocks transposed in vectors.

Arrays are C-contiguous and indices are not negative; nothing is checked.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils as untyped_cgutils
from numba.core import types as untyped_types
from numba.core.extending import intrinsic
from numba.np import arrayobj as untyped_arrayobj

cgutils: Any = untyped_cgutils
arrayobj: Any = untyped_arrayobj
types: Any = untyped_types

BLOCK = 8  # rows and columns of a block: float32 in a vector that every x86 of the last ten years has


def _address(context: Any, builder: Any, kind: Any, array: Any, row: Any, column: Any) -> Any:
    """The address of array[row, column]."""
    whole = arrayobj.make_array(kind)(context, builder, array)
    return cgutils.get_item_pointer(context, builder, kind, whole, [row, column], wraparound=False)


def _ask_for(_typing: Any, array: Any, row: Any, column: Any) -> Any:
    """LLVM's prefetch of array[row, column] for reading, into every cache."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        byte = builder.bitcast(_address(context, builder, signature.args[0], *arguments), cgutils.voidptr_t)
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, number, number, number])
        prefetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(prefetch, [byte, number(0), number(3), number(1)])
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp), generate


def _transpose_block(_typing: Any, source: Any, rows: Any, column: Any, target: Any, at: Any) -> Any:
    """target[column + k, at + i] = source[rows[i], column + k] for the BLOCK rows of a tuple and as many columns.

    Three times each vector is interleaved with the one half a block further on; then rows are columns.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source, rows, column, target, at = arguments
        from_kind, _, _, to_kind, _ = signature.args
        vector = ir.VectorType(ir.FloatType(), BLOCK).as_pointer()
        block = []
        for row in cgutils.unpack_tuple(builder, rows, BLOCK):
            address = _address(context, builder, from_kind, source, row, column)
            block.append(builder.load(builder.bitcast(address, vector), align=4))
        lanes = ir.VectorType(ir.IntType(32), BLOCK)
        halves = [
            ir.Constant(lanes, [first + lane // 2 + lane % 2 * BLOCK for lane in range(BLOCK)])
            for first in (0, BLOCK // 2)
        ]
        for _ in range(BLOCK.bit_length() - 1):
            pairs = zip(block[: BLOCK // 2], block[BLOCK // 2 :], strict=True)
            block = [builder.shuffle_vector(*pair, half) for pair in pairs for half in halves]
        for k, values in enumerate(block):
            row = builder.add(column, column.type(k))
            address = _address(context, builder, to_kind, target, row, at)
            builder.store(values, builder.bitcast(address, vector), align=4)
        return context.get_dummy_value()

    return types.void(source, types.UniTuple(types.intp, BLOCK), types.intp, target, types.intp), generate


ask_for: Any = intrinsic(_ask_for)
transpose_block: Any = intrinsic(_transpose_block)
