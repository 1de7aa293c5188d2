"""What the routes of other servers have in common: the model's values for columns that are read."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from flask import Request

from service.api.context import context
from service.api.http.bodies import read
from service.api.http.documents import body_limit, rows_limit
from service.api.predictions.codecs import no_rows, refused, too_many_rows
from service.domain.cells.columns import CellInvalid, Columns
from service.domain.model.predictor import Predictor
from service.errors import FieldError
from service.metrics import metrics


def body_of(request: Request, may_be_binary: bool = False) -> bytes:
    """The whole body: a document, or, where it may be binary, anything.

    Raises BodyTooLarge, BodyMalformed, MediaTypeUnsupported.
    """
    settings = context().deps.settings
    return read(request, body_limit(settings) if may_be_binary else rows_limit(settings))


def predicted(
    predictor: Predictor, columns: Columns, wrong: Callable[[CellInvalid], FieldError]
) -> npt.NDArray[np.float64]:
    """(n_rows,) values, (n_rows, n_targets) for several, or (n_rows, n_classes) probabilities.

    Raises RowsInvalid for a gap that nothing fills, for no rows and for too many.
    """
    most = context().deps.settings.max_prediction_rows
    if most and columns.n_rows > most:
        raise too_many_rows(most)
    if not columns.n_rows:
        raise no_rows()
    values = _whole(predictor, columns, wrong)
    metrics().predicted_rows.labels("request").inc(columns.n_rows)
    return values


def _whole(
    predictor: Predictor, columns: Columns, wrong: Callable[[CellInvalid], FieldError]
) -> npt.NDArray[np.float64]:
    size = predictor.piece_rows
    if columns.n_rows <= size:
        return _piece(predictor, columns, 0, wrong)
    pieces = (np.arange(start, min(start + size, columns.n_rows)) for start in range(0, columns.n_rows, size))
    return np.concatenate([_piece(predictor, columns.take(rows), int(rows[0]), wrong) for rows in pieces])


def _piece(
    predictor: Predictor, columns: Columns, first: int, wrong: Callable[[CellInvalid], FieldError]
) -> npt.NDArray[np.float64]:
    try:
        return predictor.predict(columns)
    except CellInvalid as error:
        raise refused([wrong(CellInvalid(first + error.row, error.column, error.detail))]) from None
