"""Predict: which version a reference means, held in memory and following the database; and the models themselves.

A known reference costs a request one look into a dictionary: no statement, no lock. What it means is looked at again
when the registry's revision has changed (`service.store.models.revision`), in the background.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import structlog

from service.changes import REGISTRY, Changes
from service.domain.model.artifact import MANIFEST, WEIGHTS, read
from service.domain.model.predictor import Predictor
from service.errors import AdalineError, NotFound, Unavailable
from service.metrics import metrics
from service.store import models
from service.store.blobs.bundles import read_version_file
from service.store.blobs.store import Blobs
from service.store.session import Database
from service.store.tables import VersionRow

LOOK_SECONDS = 0.4  # a hint of a change comes at once; without one it is seen within so long
REFERENCES_PER_MODEL = 10  # that are kept: a name, its versions and aliases

log = structlog.get_logger(__name__)


@dataclass(eq=False, slots=True, weakref_slot=True)
class LoadedModel:
    """A version, ready to answer. `key` is the hash of its files; `used` is when somebody last asked for it."""

    name: str
    version: int
    predictor: Predictor
    key: tuple[str, str]
    used: float = field(default_factory=time.monotonic)


class LoadedModels:
    """The models that this process has in memory, and what references mean; the model unused for longest leaves first.

    A model is known by the hash of its files, so that a deleted and retrained name can never answer with old weights.
    """

    def __init__(self, database: Database, blobs: Blobs, most: int) -> None:
        self._database = database
        self._blobs = blobs
        self._most = most
        self._known: dict[str, LoadedModel] = {}
        self._loaded: dict[tuple[str, str], LoadedModel] = {}
        self._revision = 0
        self._followed = False
        self._lock = threading.Lock()  # of those who change what is known; nobody who only asks takes it
        self._refreshing = threading.Lock()

    def known(self, ref: str) -> LoadedModel | None:
        """The model that a reference means, when that is in memory."""
        model = self._known.get(ref) if self._followed else None
        if model is not None:
            model.used = time.monotonic()
        return model

    def find(self, ref: str) -> LoadedModel:
        """The model that `name`, `name@alias` or `name:version` means.

        Raises ModelNotFound, VersionNotFound, AliasNotFound; DatabaseUnavailable for a reference that is not known.
        """
        if (model := self.known(ref)) is not None:
            metrics().model_lookups.labels("hit").inc()
            return model
        metrics().model_lookups.labels("miss").inc()
        with self._database.read() as session:
            revision = models.revision(session)  # before the rows: what they say is then at least as new
            row = models.resolve(session, ref)
        model = self._load(row)
        with self._lock:
            if revision >= self._revision:
                self._known = {**self._known, ref: model}
                self._forget_oldest()
        return model

    def refresh(self) -> None:
        """Look whether the registry has changed, and then what each known reference means now.

        Raises DatabaseUnavailable; what is known stays known then.
        """
        with self._refreshing:
            known = self._known
            if not known:
                return
            with self._database.read() as session:
                revision = models.revision(session)
            if revision == self._revision:
                return
            meant = {ref: self._now_meant(ref, model) for ref, model in known.items()}
            with self._lock:
                self._revision = revision
                # who was added meanwhile may have been looked up before the change, and is looked up again when asked
                self._known = {ref: model for ref, model in meant.items() if model is not None}
                self._forget_oldest()

    def follow(self, changes: Changes) -> None:
        """Refresh whenever the registry changes, until the process ends. Only while this runs does a reference stay
        known: else each is looked up when it is asked for. A database that is away is told once."""
        away = False
        self._followed = True
        try:
            while not changes.closed:
                try:
                    changes.wait(REGISTRY, self.refresh, LOOK_SECONDS)
                    away = False
                except Unavailable as error:
                    if not away:
                        log.warning("models in memory stay as they are for now", error=error.detail)
                    away = True
                    changes.wait(REGISTRY, lambda: None, LOOK_SECONDS)
        finally:
            self._followed = False

    def _now_meant(self, ref: str, model: LoadedModel) -> LoadedModel | None:
        """None where a reference means nothing any more, or nothing that can be read: who asks is told why."""
        try:
            with self._database.read() as session:
                row = models.resolve(session, ref)
            return self._load(row)
        except Unavailable:
            raise
        except NotFound:
            return None
        except (AdalineError, ValueError, OSError) as error:
            log.error("a model cannot be loaded", ref=ref, exc_info=error)
            return None

    def _load(self, row: VersionRow) -> LoadedModel:
        key = (row.files[MANIFEST]["sha256"], row.files[WEIGHTS]["sha256"])
        loaded = self._loaded.get(key)
        if loaded is not None and (loaded.name, loaded.version) == (row.model_name, row.version):
            return loaded
        if loaded is None:
            predictor = read(*(read_version_file(self._blobs, row, name) for name in (MANIFEST, WEIGHTS)))
        else:
            predictor = loaded.predictor  # two versions of the same bytes
        model = LoadedModel(row.model_name, row.version, predictor, key)
        with self._lock:
            self._loaded[key] = model
            self._forget_oldest()
        return model

    def _forget_oldest(self) -> None:
        """With the lock held."""
        while len(self._loaded) > self._most:
            oldest = min(self._loaded.values(), key=lambda model: model.used)
            del self._loaded[oldest.key]
            self._known = {ref: model for ref, model in self._known.items() if model.key != oldest.key}
        while len(self._known) > REFERENCES_PER_MODEL * self._most:
            oldest = min(self._known.values(), key=lambda model: model.used)
            self._known = {ref: model for ref, model in self._known.items() if model is not oldest}
