"""DataFrames as what is sent: Parquet for an upload, columns of cells for a prediction. Of pandas, polars, Arrow, and
whatever else hands on its columns as Arrow does (`__arrow_c_stream__`, the PyCapsule interface)."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Any, BinaryIO, cast

if TYPE_CHECKING:
    import pyarrow

NAME = "dataframe"


def is_frame(source: Any) -> bool:
    """Whether this is a DataFrame, or a table of Arrow."""
    return hasattr(source, "__arrow_c_stream__") or hasattr(source, "__arrow_c_array__") or _is_lazy(source)


def parquet_of(frame: Any) -> tuple[BinaryIO, dict[str, str]]:
    """The frame as a Parquet file, open at its start; and the columns that are categorical by their type.

    An index without a name is left out, one with a name is a column. Raises TypeError for a column that has no type.
    """
    import pyarrow.parquet

    table = _arrow(frame)
    categorical = {field.name: "categorical" for field in table.schema if pyarrow.types.is_dictionary(field.type)}
    file = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 (who asked for it closes it)
    pyarrow.parquet.write_table(table, file)
    file.seek(0)
    return file, categorical


def columns_of(frame: Any) -> dict[str, list[Any]]:
    """The cells of each column; None where one is missing."""
    columns: dict[str, list[Any]] = _arrow(frame).to_pydict()
    return columns


def _arrow(frame: Any) -> pyarrow.Table:
    import pyarrow

    if _is_lazy(frame):
        frame = frame.collect()
    try:
        if callable(getattr(frame, "reset_index", None)):  # pandas: its index is a column where it has a name
            named = [name for name in frame.index.names if name is not None]
            frame = frame.reset_index(named) if named else frame
            return pyarrow.Table.from_pandas(frame.rename(columns=str), preserve_index=False)
        if callable(getattr(frame, "to_arrow", None)):  # polars
            return frame.to_arrow()
        is_batch = not hasattr(frame, "__arrow_c_stream__")
        return pyarrow.Table.from_batches([pyarrow.record_batch(frame)]) if is_batch else pyarrow.table(frame)
    except (ValueError, TypeError, pyarrow.ArrowException) as error:
        raise TypeError(f"the DataFrame cannot be sent: {error}; give each column a single type") from error


def _is_lazy(source: Any) -> bool:
    return type(source).__module__.partition(".")[0] == "polars" and callable(getattr(source, "collect", None))
