"""Versions published at the same moment: what a bare name means follows from one version after the other, whoever comes
when."""

from __future__ import annotations

from itertools import pairwise

import pytest

from service.domain.access.owners import DEFAULT_OWNER
from service.domain.model.promotion import Judged, Promotion
from service.store import models
from service.store.revisions import MODELS, revision
from service.store.session import Database, new_id
from service.usecases.promote import promote as point
from service.usecases.promote import remove_alias
from tests.contract.rows import at_once
from workers.jobs.publish import NotYetJudged, serves_now

FIGURES = (0.9, 0.7, 0.8, 0.2, 0.5, 0.2, 0.1, 0.6)  # of the versions as they come


def publish(database: Database, rule: str, figure: float, figures: dict[int, float]) -> Promotion:
    """A version with this figure, published as a worker publishes it; figures are by version."""
    judged: dict[int, Judged] = {}
    while True:
        try:
            with database.write() as session:
                number = models.publish(
                    session,
                    DEFAULT_OWNER,
                    "m",
                    job_id=new_id("job"),
                    dataset_id="d",
                    task="regression",
                    target="y",
                    features=[],
                    metrics={},
                    files={},
                ).version
                figures[number] = figure  # the model is held: nobody else is here
                return serves_now(session, DEFAULT_OWNER, "m", number, rule, judged)
        except NotYetJudged as found:
            rival = found.serving.version
            judged[rival] = Judged("mse", 10, figure, figures[rival])


def bare(database: Database) -> int:
    with database.read() as session:
        return models.resolve(session, DEFAULT_OWNER, "m").version


@pytest.mark.parametrize("rules", [("never",), ("if_better",), ("if_better", "never"), ("newest", "never")])
def test_each_version_is_decided_on_by_what_serves_when_it_comes(database: Database, rules: tuple[str, ...]) -> None:
    figures: dict[int, float] = {}
    found = at_once(8, lambda number: publish(database, rules[number % len(rules)], FIGURES[number], figures))
    found.sort(key=lambda promotion: promotion.version)
    assert [promotion.version for promotion in found] == list(range(1, 9))
    assert (found[0].served, found[0].serves) == (None, 1)
    for before, after in pairwise(found):
        assert after.served == before.serves
        if after.rule == "if_better":
            better = figures[after.version] < figures[before.serves]
            assert after.serves == (after.version if better else before.serves)
        elif after.rule == "never":
            assert after.serves == before.serves
    assert bare(database) == found[-1].serves
    if rules == ("if_better",):
        best = min(FIGURES)
        assert figures[bare(database)] == best


def test_the_bare_name_answers_what_it_did_at_every_moment(database: Database) -> None:
    figures: dict[int, float] = {}
    publish(database, "newest", 0.5, figures)
    seen: set[int] = set()

    def act(number: int) -> None:
        if number:
            publish(database, "never", 0.1, figures)
        else:
            for _ in range(40):
                seen.add(bare(database))

    at_once(5, act)
    assert seen == {1}
    assert bare(database) == 1


def test_what_serves_may_change_hands_while_versions_come(database: Database) -> None:
    """An alias that is put elsewhere or taken away between two versions is where the next one starts from."""
    figures: dict[int, float] = {}
    for figure in (0.5, 0.4, 0.3):
        publish(database, "newest", figure, figures)
    before = point(database, DEFAULT_OWNER, "m", "default", 1, None).revision
    assert publish(database, "if_better", 0.45, figures).serves == 4
    with database.read() as session:
        alias = models.get_alias(session, DEFAULT_OWNER, "m", "default")
    assert (alias.version, alias.revision > before) == (4, True)
    remove_alias(database, DEFAULT_OWNER, "m", "default", None)
    assert publish(database, "if_better", 0.45, figures).serves == 4  # a tie
    with database.read() as session:
        assert models.get_alias(session, DEFAULT_OWNER, "m", "default").version == 4


def test_each_change_of_what_serves_raises_the_revision(database: Database) -> None:
    figures: dict[int, float] = {}
    seen = []
    for rule, figure in (("newest", 0.5), ("never", 0.4), ("if_better", 0.3), ("if_better", 0.6)):
        publish(database, rule, figure, figures)
        with database.read() as session:
            seen.append(revision(session, MODELS))
    assert all(before < after for before, after in pairwise(seen))
