"""Predict: find the version that a reference means, keep its model in memory, answer for rows."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from service.domain.artifact import MANIFEST, WEIGHTS, read
from service.domain.predictor import Predictor
from service.store import models
from service.store.blobs import Blobs
from service.store.bundles import read_file
from service.store.session import Database
from service.store.tables import VersionRow


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A version, ready to answer."""

    name: str
    version: int
    predictor: Predictor


class LoadedModels:
    """The models that this process has in memory, the least recently used one leaving first.

    A model is known by the hash of its files, so that a deleted and retrained name can never answer with old weights.
    """

    def __init__(self, database: Database, blobs: Blobs, most: int) -> None:
        self._database = database
        self._blobs = blobs
        self._most = most
        self._predictors: OrderedDict[tuple[str, str], Predictor] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, ref: str) -> LoadedModel:
        """The model that `name`, `name@alias` or `name:version` means.

        Raises ModelNotFound, VersionNotFound, AliasNotFound.
        """
        with self._database.read() as session:
            row = models.resolve(session, ref)
        return LoadedModel(row.model_name, row.version, self._predictor(row))

    def _predictor(self, row: VersionRow) -> Predictor:
        key = (row.files[MANIFEST]["sha256"], row.files[WEIGHTS]["sha256"])
        with self._lock:
            if key in self._predictors:
                self._predictors.move_to_end(key)
                return self._predictors[key]
        predictor = read(*(read_file(self._blobs, row.files[name]) for name in (MANIFEST, WEIGHTS)))
        with self._lock:
            self._predictors[key] = predictor
            while len(self._predictors) > self._most:
                self._predictors.popitem(last=False)
        return predictor
