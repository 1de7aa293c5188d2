"""Predict: which version a reference means, held in memory and following the database; and the models themselves.

A known reference costs a request one look into a dictionary: no statement, no lock. What it means is looked at again
when the registry's revision has changed (`service.store.revisions`), in the background.
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
from service.store.revisions import MODELS, revision
from service.store.session import Database
from service.store.tables import VersionRow
from service.usecases.follow import follow

REFERENCES_PER_MODEL = 10  # that are kept: a name, its versions and aliases

log = structlog.get_logger(__name__)


@dataclass(eq=False, slots=True, weakref_slot=True)
class LoadedModel:
    """A version, ready to answer. `called` is its model's name to who asks: another's has the owner in it. `key` is the
    hash of its files; `used` is when somebody last asked for it."""

    owner: str
    name: str
    called: str
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
        self._known: dict[tuple[str, str], LoadedModel] = {}
        self._loaded: dict[tuple[str, str], LoadedModel] = {}
        self._revision = 0
        self._followed = False
        self._lock = threading.Lock()  # of those who change what is known; nobody who only asks takes it
        self._refreshing = threading.Lock()

    def known(self, owner: str, ref: str) -> LoadedModel | None:
        """The model that an owner's reference means, when that is in memory."""
        model = self._known.get((owner, ref)) if self._followed else None
        if model is not None:
            model.used = time.monotonic()
        return model

    def find(self, owner: str, ref: str) -> LoadedModel:
        """The model that `name`, `name@alias` or `name:version` means to an owner; `alice/name` is one alice shares.

        Raises ModelNotFound, VersionNotFound, AliasNotFound; DatabaseUnavailable for a reference that is not known.
        """
        if (model := self.known(owner, ref)) is not None:
            metrics().model_lookups.labels("hit").inc()
            return model
        metrics().model_lookups.labels("miss").inc()
        with self._database.read() as session:
            seen = revision(session, MODELS)  # before the rows: what they say is then at least as new
            row = models.resolve(session, owner, ref)
        model = self._load(row, owner)
        with self._lock:
            if seen >= self._revision:
                self._known = {**self._known, (owner, ref): model}
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
                seen = revision(session, MODELS)
            if seen == self._revision:
                return
            meant = {asked: self._now_meant(*asked) for asked in known}
            with self._lock:
                self._revision = seen
                # who was added meanwhile may have been looked up before the change, and is looked up again when asked
                self._known = {asked: model for asked, model in meant.items() if model is not None}
                self._forget_oldest()

    def follow(self, changes: Changes) -> None:
        """Refresh whenever the registry changes, until the process ends. Only while this runs does a reference stay
        known: else each is looked up when it is asked for."""
        self._followed = True
        try:
            follow(changes, REGISTRY, self.refresh, "models")
        finally:
            self._followed = False

    def _now_meant(self, owner: str, ref: str) -> LoadedModel | None:
        """None where a reference means nothing any more, or nothing that can be read: who asks is told why."""
        try:
            with self._database.read() as session:
                row = models.resolve(session, owner, ref)
            return self._load(row, owner)
        except Unavailable:
            raise
        except NotFound:
            return None
        except (AdalineError, ValueError, OSError) as error:
            log.error("a model cannot be loaded", owner=owner, ref=ref, exc_info=error)
            return None

    def _load(self, row: VersionRow, owner: str) -> LoadedModel:
        """The version as it is called by an owner."""
        key = (row.files[MANIFEST]["sha256"], row.files[WEIGHTS]["sha256"])
        loaded = self._loaded.get(key)
        name, own = models.called(row, owner), (row.owner, row.model_name)
        if loaded is not None and (loaded.owner, loaded.called, loaded.version) == (row.owner, name, row.version):
            return loaded
        if loaded is None:
            predictor = read(*(read_version_file(self._blobs, row, name) for name in (MANIFEST, WEIGHTS)))
        else:
            predictor = loaded.predictor  # two versions of the same bytes
        model = LoadedModel(*own, name, row.version, predictor, key)
        with self._lock:
            self._loaded[key] = model
            self._forget_oldest()
        return model

    def _forget_oldest(self) -> None:
        """With the lock held."""
        while len(self._loaded) > self._most:
            oldest = min(self._loaded.values(), key=lambda model: model.used)
            del self._loaded[oldest.key]
            self._known = {asked: model for asked, model in self._known.items() if model.key != oldest.key}
        while len(self._known) > REFERENCES_PER_MODEL * self._most:
            oldest = min(self._known.values(), key=lambda model: model.used)
            self._known = {asked: model for asked, model in self._known.items() if model is not oldest}
