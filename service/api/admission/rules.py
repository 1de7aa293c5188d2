"""The rule of each operation, by the name of its view: the scope that it needs, and whose things it is about.

A view without a rule cannot be registered (`service.api.blueprints`), and an app with one is not made. SECURITY.md has
this table with the routes; `make openapi` writes both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from service.domain.access.scopes import ADMIN, PREDICT, READ, SCOPES, TRAIN

NOBODYS, OWN, SHARED, ALL = "nobody's", "own", "own and shared", "all owners'"


@dataclass(frozen=True, slots=True)
class AccessRule:
    """`scopes` are those of which one is needed (none: no key is needed), `whose` the things that it shows or changes.
    What is another's answers 404, as what is not there."""

    scopes: frozenset[str]
    whose: str

    @property
    def is_public(self) -> bool:
        return not self.scopes

    @property
    def scope(self) -> str:
        """The scopes in a word."""
        return "none" if self.is_public else "any" if len(self.scopes) > 1 else next(iter(self.scopes))


PUBLIC = AccessRule(frozenset(), NOBODYS)
SIGNED_IN = AccessRule(frozenset(SCOPES), OWN)
LOOKS = AccessRule(frozenset({READ}), OWN)
PREDICTS = AccessRule(frozenset({PREDICT}), SHARED)
TRAINS = AccessRule(frozenset({TRAIN}), OWN)
RUNS = AccessRule(frozenset({ADMIN}), ALL)

_VIEWS: Mapping[AccessRule, tuple[str, ...]] = {
    PUBLIC: (
        "is_alive", "is_ready", "openapi", "show", "front", "page",  # show: /docs; front and page: / and /ui
        "ping", "health", "server_version", "v2_server", "v2_live", "v2_ready",
        "sign_in",
    ),
    SIGNED_IN: ("get_session", "sign_out"),
    LOOKS: (
        "list_datasets", "get_dataset", "get_profile", "list_rows", "get_rejects", "get_content",
        "validate_job", "list_jobs", "get_job", "list_events", "get_result",
        "list_models", "get_model", "list_versions", "get_version", "compare_versions", "get_report", "get_file",
        "list_webhooks", "get_webhook", "list_webhook_deliveries", "list_job_deliveries",
        "get_alias", "get_usage", "list_shares", "list_shared_models",
    ),
    PREDICTS: (
        "predict", "predict_with_model", "submit_batch_prediction",
        "v2_model", "v2_version", "v2_model_ready", "v2_version_ready", "v2_infer", "v2_infer_version",
        "invoke", "invoke_model",
    ),
    TRAINS: (
        "upload_dataset", "delete_dataset", "submit_job", "cancel_job", "delete_job",
        "pause_job", "resume_job", "create_webhook", "delete_webhook",
        "put_alias", "delete_alias", "patch_version", "delete_version", "delete_model", "put_share", "delete_share",
    ),
    RUNS: (
        "list_workers", "list_owners", "get_owner", "delete_owner", "put_owner_limits", "put_key_limits", "get_metrics",
        "get_status", "list_usage", "create_key", "list_keys", "get_key", "revoke_key",
    ),
}  # fmt: skip
RULES: Mapping[str, AccessRule] = MappingProxyType({view: rule for rule, views in _VIEWS.items() for view in views})


def rule_of(view: str) -> AccessRule:
    """The rule of a view. Raises LookupError, which ends the start of who forgot it."""
    if view not in RULES:
        raise LookupError(f"the view {view!r} has no rule: say in service/api/admission/rules.py who may use it")
    return RULES[view]
