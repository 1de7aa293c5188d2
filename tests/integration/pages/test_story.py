"""From a CSV to a prediction without writing a line, on an empty server: each step as a person sees it, by pointer and
by the keyboard alone."""

from __future__ import annotations

import csv
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.integration.pages.hands import Hands, Keyboard, Pointer
from tests.integration.pages.visitor import Visitor, visiting
from tests.integration.processes import eventually, started

WHERE = "Adaline listens on "
DISTRICTS = {"1": 300.0, "2": 20.0, "3": 150.0, "4": 80.0}  # of a number's kind, and no number
HANDS = {"pointer": Pointer, "keyboard": Keyboard}


@pytest.fixture(params=HANDS)
def person(request: pytest.FixtureRequest, browser: Browser, tmp_path: Path) -> Iterator[tuple[Visitor, Hands]]:
    """Somebody in front of a server that has just been started for the first time."""
    command = [sys.executable, "-m", "service", "serve", "--port", "0"]
    with started(command, {"ADALINE_DATA": str(tmp_path / "data"), "ADALINE_WORKER_PROCESSES": "1"}) as stack:
        url = stack.until(WHERE).split(WHERE)[1].split()[0]
        with visiting(browser, url) as visitor:
            yield visitor, HANDS[request.param](visitor.page)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """400 houses; their prices are a sum, so that a linear neuron can learn them once it takes districts for names."""
    draw = random.Random(3)
    lines = ["rooms,garden,district,price"]
    for _ in range(400):
        rooms, garden, district = draw.randint(1, 7), draw.random() < 0.4, draw.choice(list(DISTRICTS))
        price = 50 * rooms + 25 * garden + DISTRICTS[district] + draw.gauss(0, 1)
        lines.append(f"{rooms},{'yes' if garden else 'no'},{district},{price:.2f}")
    path = tmp_path / "houses.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.timeout(400)
def test_from_a_csv_to_a_prediction(person: tuple[Visitor, Hands], table: Path, tmp_path: Path) -> None:
    visitor, hands = person
    upload(visitor, hands, table)
    hands.press(visitor.link("Train on it"))
    train(visitor, hands, "A linear neuron", epochs=40_000)
    watch(visitor)
    published(visitor, 1)
    hands.press(visitor.link("Train another"))
    train(visitor, hands, "A network")
    published(visitor, 2)
    hands.press(visitor.link("Train another"))
    train(visitor, hands, "A linear neuron", epochs=1_000_000)
    cancel(visitor, hands)
    compare(visitor, hands)
    promote(visitor, hands)
    predict_by_form(visitor, hands)
    predict_by_file(visitor, hands, tmp_path)
    learn(visitor, hands)


def upload(visitor: Visitor, hands: Hands, table: Path) -> None:
    """Upload the table, and say that the numbers of districts are names."""
    visitor.go("/")
    visitor.heading("From a table to a prediction").wait_for()
    hands.press(visitor.main.get_by_role("link", name="Upload a table").first)
    hands.bring(visitor.button("Choose a file"), table)
    kind = visitor.main.get_by_label("Kind of district")
    expect(kind.locator("option:checked")).to_have_text("numeric (found)")
    hands.choose(kind, "categorical")
    hands.press(visitor.button("Upload"))
    visitor.heading("houses.csv").wait_for()
    visitor.text("ready").wait_for()
    expect(stat(visitor, "Rows")).to_have_text("400")
    expect(visitor.main.get_by_role("row").filter(has_text="district").first).to_contain_text("categorical")


def train(visitor: Visitor, hands: Hands, what: str, epochs: int | None = None) -> None:
    """Choose the target, the kind of network, and so many epochs; look at what the server says of it, and start."""
    hands.pick(visitor.main.get_by_label("Predict price", exact=True))
    hands.pick(visitor.main.get_by_role("radio", name=re.compile(what)))
    if epochs is not None:
        hands.press(visitor.main.get_by_text("Everything else"))
        hands.choose(visitor.field("Epochs"), "a number …")
        hands.write(visitor.field("Epochs, a number"), str(epochs))
    hands.press(visitor.button("Train"))
    visitor.page.wait_for_url(re.compile(r".*/ui/jobs/job_\w+"))


def watch(visitor: Visitor) -> None:
    """The curve grows while the job runs."""
    job = visitor.main.get_by_role("status").first
    expect(job).to_contain_text("running")
    curve = visitor.main.get_by_role("img", name=re.compile("^Loss"))
    curve.wait_for()
    seen: set[int] = set()
    assert eventually(lambda: seen.add(last_epoch(curve)) or len(seen) > 2), f"the curve stays at {seen}"
    expect(job).to_contain_text("running")


def published(visitor: Visitor, version: int) -> None:
    """The job has ended with this version."""
    visitor.text(f"Version {version} of houses-price is published.").wait_for()
    expect(visitor.main.get_by_role("status").first).to_contain_text("succeeded")


def last_epoch(curve: Locator) -> int:
    """The epoch that a curve's words end at."""
    words = curve.get_attribute("aria-label") or ""
    found = re.search(r"to \S+ at epoch ([\d,]+)", words)
    assert found is not None, words
    return int(found[1].replace(",", ""))


def cancel(visitor: Visitor, hands: Hands) -> None:
    """End a job that would go on for hours; no version comes of it."""
    job = visitor.main.get_by_role("status").first
    expect(job).to_contain_text("running")
    hands.press(visitor.button("Cancel the job"))
    question = visitor.page.get_by_role("dialog", name="Cancel this job?")
    hands.press(visitor.button("Cancel the job", question))
    expect(job).to_contain_text("cancelled")
    visitor.text("It was cancelled: no version was published.").wait_for()


def compare(visitor: Visitor, hands: Hands) -> None:
    """Both versions side by side: which is better, what differs, and their curves over each other."""
    hands.press(visitor.link("Models").first)
    hands.press(visitor.main.get_by_role("link", name="houses-price", exact=True))
    visitor.heading("houses-price").wait_for()
    for version in (1, 2):
        hands.tick(visitor.field(f"Choose version {version} to compare"))
    hands.press(visitor.link("Compare versions 1 and 2"))
    visitor.text(re.compile("is better|Neither is better")).wait_for()
    kind = visitor.main.get_by_role("row").filter(has_text="network.kind")
    expect(kind.get_by_role("cell").first).to_have_text("linear")
    expect(kind.get_by_role("cell").nth(1)).to_have_text("mlp")
    figures = visitor.main.get_by_role("table", name="Metrics side by side")
    expect(figures.get_by_role("row").filter(has_text="validation").first).to_be_visible()
    hands.press(visitor.button("Draw the curves"))
    curves = visitor.main.get_by_role("img", name=re.compile("^Loss by epoch"))
    expect(curves).to_have_attribute("aria-label", re.compile(r"A \(1\), .*: from .* B \(2\), .*: from ", re.DOTALL))


def promote(visitor: Visitor, hands: Hands) -> None:
    """The version that answers becomes the first one, which can be read; a question comes before."""
    hands.press(visitor.link("All versions of houses-price"))
    visitor.text("houses-price alone means version 2").wait_for()
    hands.press(visitor.main.get_by_text("Make an alias"))
    hands.write(visitor.field("Version"), "1")
    hands.press(visitor.button("Point the alias at it"))
    question = visitor.page.get_by_role("dialog", name="Make the alias default?")
    hands.press(visitor.button("Point it at version 1", question))
    visitor.text("houses-price alone means version 1").wait_for()
    first = visitor.main.get_by_role("row").filter(has=visitor.page.get_by_role("link", name="version 1", exact=True))
    expect(first).to_contain_text("serves")


def predict_by_form(visitor: Visitor, hands: Hands) -> None:
    """The answer follows as one types, with its interval and what each feature adds."""
    hands.press(visitor.link("Predict").first)
    hands.press(visitor.main.get_by_role("link", name="houses-price", exact=True))
    visitor.heading("Predict with houses-price").wait_for()
    for rooms, garden, district in (("3", "yes", "1"), ("7", "no", "2")):
        hands.write(visitor.field("rooms"), rooms)
        hands.choose(visitor.field("garden"), garden)
        hands.choose(visitor.field("district"), district)
        answer = visitor.main.locator("[aria-live=polite]").filter(has_text="price")
        assert eventually(lambda: near(answer, price_of(rooms, garden, district))), answer.inner_text()  # noqa: B023
        expect(answer).to_contain_text(re.compile(r"90\s?%: [\d.]+ to [\d.]+"))
    table = visitor.main.get_by_role("table").filter(has_text="the average row")
    expect(table.get_by_role("rowheader", name="rooms")).to_be_visible()


def price_of(rooms: str, garden: str, district: str) -> float:
    return 50 * int(rooms) + 25 * (garden == "yes") + DISTRICTS[district]


def near(answer: Locator, price: float) -> bool:
    """Whether the first number that counts is a price, give or take what noise makes of it."""
    found = answer.locator("strong").all_inner_texts()
    return bool(found) and abs(float(found[0].replace(",", "")) - price) < 5


def predict_by_file(visitor: Visitor, hands: Hands, directory: Path) -> None:
    """A file comes back with its own columns and the predictions."""
    rows = [("a", "1", "yes", "3"), ("b", "5", "no", "4"), ("c", "2", "yes", "2")]
    file = directory / "asked.csv"
    file.write_text("\n".join(["id,rooms,garden,district", *map(",".join, rows)]) + "\n")
    hands.turn(visitor.page.get_by_role("tab", name="A file"))
    hands.bring(visitor.button("Choose a file"), file)
    hands.press(visitor.button("Predict, and save later"))
    visitor.heading("Predictions").wait_for()
    expect(visitor.page.get_by_role("region", name="First rows").get_by_role("row")).to_have_count(4)
    saved = list(csv.DictReader(hands.save(visitor.link(re.compile("^Save asked-predictions.csv"))).splitlines()))
    assert [(it["id"], it["rooms"], it["garden"], it["district"]) for it in saved] == rows
    for row, (_, *asked) in zip(saved, rows, strict=True):
        assert abs(float(row[list(row)[4]]) - price_of(*asked)) < 5


def learn(visitor: Visitor, hands: Hands) -> None:
    """On a built-in table and on one's own: steps, a rate beyond the bound, single rows, a page to take."""
    hands.press(visitor.link("Learn").first)
    visitor.heading("How a neuron learns").wait_for()
    run = visitor.page.get_by_role("group", name="The run")
    descent = visitor.page.get_by_role("region", name="Gradient descent")
    weight, formula = stat(visitor, re.compile("^w ")), descent.get_by_text(re.compile("^∂L/∂w"))
    expect(run).to_contain_text("After epoch 30 of 30")
    before, told = weight.inner_text(), formula.inner_text()
    for epoch in (29, 28):
        hands.press(visitor.button("Step back", run))
        expect(run).to_contain_text(f"After epoch {epoch} of 30")
    assert weight.inner_text() != before
    assert formula.inner_text() != told
    visitor.text(re.compile("η is below the bound")).wait_for()
    hands.slide_to_end(visitor.field(re.compile("^Learning rate η")))
    visitor.text(re.compile("η is at or beyond the bound")).wait_for()
    hands.pick(visitor.main.get_by_role("radio", name="Stochastic: one row a step"))
    visitor.text(re.compile("the run has diverged")).wait_for()
    hands.choose(visitor.field("Learn on"), "houses.csv (400 rows)")
    visitor.text("All 400 rows").wait_for()
    expect(run).to_contain_text("After epoch 30 of 30")
    script = hands.save(visitor.link("Download linear_neuron.py"))
    assert "import torch" in script
    for title in ("Gradient descent", "Two linear layers", "Activations"):
        expect(visitor.heading(re.compile(title)).first).to_be_visible()


def stat(visitor: Visitor, name: str | re.Pattern[str]) -> Locator:
    """The figure under a name."""
    words = re.compile(f"^{re.escape(name)}$") if isinstance(name, str) else name
    return visitor.main.locator("dt", has_text=words).locator("xpath=following-sibling::dd[1]").first
