"""What to take along of a model, to answer without Adaline: `model.onnx` and `predict.py`."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from service.domain.model.predictor import Predictor
from service.domain.report.warned import Warned
from workers.export.check import GraphWrong, check
from workers.export.onnx_graph import ONNX, onnx_model, output_names
from workers.export.script import SCRIPT, script

log = structlog.get_logger(__name__)

LEFT_OUT = "onnx_left_out"


@dataclass(frozen=True, slots=True)
class TakenAlong:
    """The files by name, and what to warn of."""

    files: dict[str, bytes]
    warnings: tuple[Warned, ...] = ()


def taken_along(predictor: Predictor) -> TakenAlong:
    """A graph that does not answer as the model does is not among the files."""
    files = {SCRIPT: script()}
    try:
        graph = onnx_model(predictor)
        check(graph, predictor, output_names(predictor))
    except Exception as error:  # whatever hinders this form of the model, the model itself is trained and good
        reason = str(error).strip() or type(error).__name__
        if not isinstance(error, GraphWrong):
            log.warning("no model.onnx", exc_info=True)
        detail = f"there is no {ONNX} among its files: {reason}; {SCRIPT} and the API can still predict"
        return TakenAlong(files, (Warned(LEFT_OUT, detail),))
    return TakenAlong({**files, ONNX: graph})
