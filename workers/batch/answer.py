"""A model's answers for a piece of rows, as a table: each row's number, what is predicted, and why if nothing is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from service.domain.arrays import Booleans
from service.domain.cells.columns import Categories, Columns, Values, missing
from service.domain.cells.conversion import Conversion
from service.domain.jobs.batch import CSV
from service.domain.model.predictor import Predictor, label_text
from service.errors import WorkFailed
from workers.batch.convert import ConvertedPiece


@dataclass(frozen=True, slots=True)
class Answers:
    """What makes a piece of rows a table of `schema`: a row's number from 1; `prediction`, the targets by name, or
    `label` and `p_<class>` for each class, as a CSV answer of /predict has them; and `error`, which only a model and a
    table have that may leave a row without a prediction: all else of that row is then empty."""

    predictor: Predictor
    schema: Any
    labels: Any
    may_fail: bool

    @classmethod
    def of(cls, predictor: Predictor, ways: Mapping[str, Conversion], format: str) -> Answers:
        classes = predictor.classes
        # a CSV has no types: labels are written there as /predict writes them
        labels = pa.array([label_text(label) for label in classes] if format == CSV else classes) if classes else None
        features = predictor.transform.features
        may_fail = "text" in ways.values() or not all(feature.fills for feature in features)
        names = list(_names(predictor))
        types = [pa.float64()] * len(names) if labels is None else [labels.type, *[pa.float64()] * len(classes)]
        fields = [(_unlike("row", names), pa.int64()), *zip(names, types, strict=True)]
        if may_fail:
            fields.append((_unlike("error", names), pa.string()))
        return cls(predictor, pa.schema(fields), labels, may_fail)

    def table(self, piece: ConvertedPiece) -> pa.Table:
        """The answers for a piece. Raises WorkFailed for a cell that cannot be read where ingest has let none in."""
        count = piece.columns.n_rows
        if piece.unread and not self.may_fail:
            raise WorkFailed("cell_invalid", piece.unread[0].why.drop_null()[0].as_py())
        why, columns = self._failures(piece) if self.may_fail else (None, piece.columns)
        without: Booleans | None = None if why is None else np.asarray(pc.is_valid(why))
        values = self.predictor.predict(columns).reshape(count, -1)
        cells: list[Any] = [pa.array(np.arange(piece.first + 1, piece.first + count + 1))]
        if self.labels is not None:
            cells.append(self.labels.take(pa.array(values.argmax(axis=1), mask=without)))
        cells += [pa.array(column, mask=without) for column in values.T]
        if why is not None:
            cells.append(why)
        return pa.table(cells, schema=self.schema)

    def count_failed(self, table: pa.Table) -> int:
        """How many rows of these have no prediction."""
        return table.num_rows - table.column(table.num_columns - 1).null_count if self.may_fail else 0

    def _failures(self, piece: ConvertedPiece) -> tuple[Any, Columns]:
        """Why each row that cannot be predicted cannot, by its first feature that forbids it; and the rows with
        something in these places, for the others to be predicted beside them."""
        why: Any = pa.nulls(piece.columns.n_rows, pa.string())
        columns = dict(piece.columns.data)
        unread = {cells.feature: cells for cells in piece.unread}
        for feature in self.predictor.transform.features:
            gaps = missing(columns[feature.name])
            if feature.name in unread:
                why = pc.if_else(pc.is_null(why), unread[feature.name].why, why)
                gaps &= ~unread[feature.name].rows
            if not feature.fills:
                columns[feature.name] = _filled(columns[feature.name])
                told = pa.scalar(f"column {feature.name!r}: is missing, and this model does not impute")
                why = pc.if_else(pc.and_(pc.is_null(why), pa.array(gaps)), told, why)
        return why, Columns(columns, piece.columns.n_rows)


def _filled(values: Values) -> Values:
    """The cells, with any value in place of missing ones."""
    if isinstance(values, Categories):
        return Categories(np.maximum(values.codes, 0), values.values or ("",))
    return np.nan_to_num(values, nan=0.0)


def _names(predictor: Predictor) -> Iterator[str]:
    """The columns of what is predicted."""
    if predictor.classes:
        yield "label"
        yield from (f"p_{label_text(label)}" for label in predictor.classes)
    elif isinstance(predictor.target, str):
        yield "prediction"
    else:
        yield from predictor.target


def _unlike(name: str, others: list[str]) -> str:
    """A name that none of the others has."""
    while name in others:
        name += "_"
    return name
