"""Pictures and card: what they show is the report's, and names in them stay text."""

from __future__ import annotations

import re
from contextlib import nullcontext
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from markdown_it import MarkdownIt

from service.domain.model.media_types import media_type
from service.domain.report.neuron import Certificate
from service.domain.report.report import Report
from service.domain.spec.training import NetworkSpec, OptimizerSpec, Split
from tests.unit.workers.explain.reports import HOSTILE, mixed, typed_report_of, typed_trained
from tests.unit.workers.training.running import run, spec_of, write_table
from workers.explain.certificate import Trained, certify
from workers.show import pictures
from workers.show.files import exhibits, shown
from workers.show.markdown import code, prose, table
from workers.show.plot import Axis, written
from workers.show.svg import Picture, escaped, shortened, width_of

SVG = "{http://www.w3.org/2000/svg}"
PICTURES = {exhibit.file for exhibit in exhibits()}
WEIGHTS = {"weights.svg", "weights-by-epoch.svg"}
DRAWN = {"svg", "title", "desc", "style", "rect", "text", "line", "polyline", "polygon", "circle", "g"}


def files_of(directory: Path, task: str, **changes: Any) -> tuple[Report, dict[str, bytes]]:
    names = {name: changes.pop(name) for name in ("name", "target") if name in changes}
    cells, kinds = mixed(260, task, **names)
    made, report = typed_trained(directory, cells, kinds, target=names.get("target", "price"), task=task, **changes)
    return report, dict(shown(report, made.predictor.feature_kinds))


def elements(picture: bytes) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(picture).iter())


def texts(picture: bytes) -> list[str]:
    return [element.text or "" for element in elements(picture) if element.tag == f"{SVG}text"]


def rendered(markdown: str) -> str:
    """HTML, as a careless page would have it: raw HTML allowed, links found in text."""
    return MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown)


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("regression", {"loss.svg", *WEIGHTS, "residuals.svg", "importance.svg", "partial-dependence.svg"}),
        ("binary", PICTURES - {"residuals.svg"}),
        ("multiclass", PICTURES - {"residuals.svg", "weights-by-epoch.svg"}),  # of more than 20 weights
    ],
)
def test_each_task_has_its_pictures_and_the_card_shows_them(task: str, expected: set[str], tmp_path: Path) -> None:
    _, files = files_of(tmp_path, task)
    assert set(files) == {*expected, "model-card.md"}
    card = rendered(files["model-card.md"].decode())
    assert set(re.findall(r'<img src="([^"]*)"', card)) == expected


def test_card_says_what_was_smoothed_and_what_is_clipped(tmp_path: Path) -> None:
    for task, changes, said in (
        ("binary", {"label_smoothing": 0.125}, "The `cross_entropy` loss with label smoothing 0.125 was lowered"),
        ("regression", {"clip_predictions": True}, "predicts nothing beyond the range of the target"),
    ):
        _, plain = files_of(tmp_path, task)
        _, files = files_of(tmp_path, task, **changes)
        assert said in files["model-card.md"].decode()
        assert said not in plain["model-card.md"].decode()


@pytest.mark.parametrize("taken", [(), ("predict.py",), ("predict.py", "model.onnx")])
def test_card_tells_of_what_can_be_taken_along_where_it_is_there(taken: tuple[str, ...], tmp_path: Path) -> None:
    told, _ = files_of(tmp_path, "regression")
    card = dict(shown(told, {"area": "numeric"}, taken))["model-card.md"].decode()
    assert ("adaline download" in card) == bool(taken)
    for name in ("predict.py", "model.onnx"):
        assert (f"`{name}`" in card) == (name in taken)


@pytest.mark.parametrize("task", ["regression", "binary", "multiclass"])
def test_pictures_are_sound_svg_that_says_in_words_what_it_shows(task: str, tmp_path: Path) -> None:
    _, files = files_of(tmp_path, task)
    for name in set(files) - {"model-card.md"}:
        root = ElementTree.fromstring(files[name])
        title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
        assert root.get("role") == "img"
        assert title is not None
        assert description is not None
        assert title.text
        assert description.text
        width, height = float(root.get("width", 0)), float(root.get("height", 0))
        for element in root.iter():
            for key, limit in (("x", width), ("cx", width), ("x1", width), ("y", height), ("cy", height)):
                assert -0.5 <= float(element.get(key, 0)) <= limit + 0.5, (name, element.attrib)


@pytest.mark.parametrize("task", ["regression", "binary", "multiclass"])
def test_hostile_names_stay_text_in_pictures(task: str, tmp_path: Path) -> None:
    _, files = files_of(tmp_path, task, name=HOSTILE, target=f"y {HOSTILE}")
    met = False
    for name in set(files) - {"model-card.md"}:
        for element in elements(files[name]):
            assert element.tag.removeprefix(SVG) in DRAWN
            assert not {key for key in element.attrib if key.startswith("on") or "href" in key}
            met = met or "<script>" in (element.text or "")
    assert met  # the name is there, as text


@pytest.mark.parametrize("task", ["regression", "binary", "multiclass"])
def test_hostile_names_stay_text_in_the_card(task: str, tmp_path: Path) -> None:
    _, files = files_of(tmp_path, task, name=HOSTILE, target=f"y {HOSTILE}")
    tags: list[str] = []
    words: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.append(tag)
            assert not {name for name, _ in attrs if name.startswith("on")}

        def handle_data(self, data: str) -> None:
            words.append(data)

    Reader().feed(rendered(files["model-card.md"].decode()))
    assert set(tags) <= {*("h1", "h2", "p", "code", "ul", "li", "img"), *("table", "thead", "tbody", "tr", "th", "td")}
    name = " ".join(re.sub("[\x00-\x1f\ufffe]", "�", HOSTILE).split())
    assert words.count(name) >= 2  # in the list of features and in the table of importance, letter by letter


@pytest.mark.parametrize(
    "text",
    [
        "# no heading", "- no item", "12. no item", "1) no item", "*a* _b_ `c`", "[a](b)", "<b>x</b> &lt;", "a | b",
        "~~gone~~", "\\*", "http://a.example", "www.a.example", "a@b.example", "+ x", "> quote", "=", "  two  blanks ",
        "`", "``", " ` ", "", "|", "\\|", "a\nb", "![x](y)",
    ],
)  # fmt: skip
def test_text_comes_out_of_markdown_as_it_went_in(text: str) -> None:
    expected = " ".join(text.split())
    rules = MarkdownIt("gfm-like", {"html": True, "linkify": False})
    for markdown, tag in ((f"- {prose(text)}", "li"), (table(["n"], [[prose(text)], ["x"]]), "td")):
        assert f"<{tag}>{_html(expected)}</{tag}>" in _without_style(rules.render(markdown))
    for markdown in (f"- {code(text)}", table(["n"], [[code(text)]])):
        assert f"<code>{_html(expected) or ' '}</code>" in rules.render(markdown).replace(
            "<code>  </code>", "<code> </code>"
        )


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _without_style(html: str) -> str:
    return re.sub(r"<td[^>]*>", "<td>", html)


def test_the_card_says_how_many_members_answer(tmp_path: Path) -> None:
    _, files = files_of(tmp_path, "regression", network=NetworkSpec("mlp", (4,)), members=3)
    card = files["model-card.md"].decode()
    assert "The mean of 3 networks, each with hidden layers of 4, that predicts `price`" in card


def test_the_card_has_the_reports_numbers(tmp_path: Path) -> None:
    report, files = files_of(tmp_path, "regression", split=Split(0.3, 0.2), network=NetworkSpec("mlp", (4,)))
    card = files["model-card.md"].decode()
    assert f"| `r2` | {report.metrics['train'].r2:.3f}".rstrip("0") in card
    assert "predicts `price`, a number, from 4 features" in card
    assert "hidden layers of 4" in card
    for one in report.intervals:
        assert f"| {one.level * 100:.0f} % | {written(one.half_width, 0)} | {one.coverage * 100:.1f} %" in card
    assert report.lineage.split_sha256 in card


def test_the_card_says_what_of_the_optimum_is_not_from_all_rows(tmp_path: Path) -> None:
    report, _ = files_of(tmp_path, "regression")
    optimum = Certificate("any", 3.25, 3.5, 0.25, 0.0, None, None, 1, [], 1.0, None, [])
    for note in (None, "standard errors are estimated from one row in 4"):
        told = replace(report, certificate=replace(optimum, note=note))
        card = dict(shown(told, {"area": "numeric"}))["model-card.md"].decode()
        assert "has 3.25: a gap of 0.25" in card
        assert ("one row in 4" in card) == (note is not None)


def test_the_bars_of_importance_are_as_long_as_the_importance(tmp_path: Path) -> None:
    report, files = files_of(tmp_path, "regression")
    values = {one.feature: one.value for one in report.importance}
    lengths = {}
    for element in elements(files["importance.svg"]):
        hint = element.find(f"{SVG}title")
        if element.tag == f"{SVG}rect" and hint is not None:
            lengths[(hint.text or "").split(":")[0]] = float(element.get("width", 0))
    assert lengths.keys() == values.keys()
    largest = max(values, key=lambda name: values[name])
    for name, length in lengths.items():
        assert length == pytest.approx(max(1.0, lengths[largest] * abs(values[name]) / values[largest]), abs=0.2)


def test_the_confusion_shows_its_counts(tmp_path: Path) -> None:
    report, files = files_of(tmp_path, "binary", epochs=2)
    counts = [str(count) for row in report.metrics["validation"].confusion for count in row]
    assert [text for text in texts(files["confusion.svg"]) if text.isdigit()] == counts


@pytest.mark.parametrize(
    ("low", "high", "most", "labels"),
    [
        (0, 1, 6, ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (-30, 60, 5, ["−20", "0", "20", "40", "60"]),
        (0, 12_000, 4, ["0", "5,000", "10,000"]),
        (3.0e7, 3.4e7, 5, ["3e7", "3.1e7", "3.2e7", "3.3e7", "3.4e7"]),
        (0, 2e-6, 4, ["0", "5e−7", "1e−6", "1.5e−6", "2e−6"]),
    ],
)
def test_ticks_are_round_numbers(low: float, high: float, most: int, labels: list[str]) -> None:
    assert [label for _, label in Axis("", low, high).ticks(most)] == labels


def test_ticks_of_ratios_are_decades_or_their_parts() -> None:
    assert [label for _, label in Axis("", 0.09, 1100, log=True).ticks(6)] == ["0.1", "1", "10", "100", "1,000"]
    assert [label for _, label in Axis("", 1.5, 60, log=True).ticks(6)] == ["2", "5", "10", "20", "50"]


def test_an_axis_holds_values_that_do_not_differ() -> None:
    for value in (0.0, 5.0, -1e-9, 1e300):
        axis = Axis.around("", [value])
        assert axis.low < value < axis.high
        assert axis.ticks(5)


def test_a_long_name_is_cut_to_its_room() -> None:
    assert shortened("short", 200) == "short"
    cut = shortened("a very long name of a column " * 4, 120)
    assert cut.endswith("…")
    assert width_of(cut) <= 120
    assert width_of(shortened("住宅価格の中央値" * 5, 120)) <= 120


def test_what_xml_cannot_hold_is_replaced() -> None:
    picture = Picture(10, 10, "t\x00\ud800", "d\x0b")
    root = ElementTree.fromstring(picture.to_text())
    assert [element.text for element in root][:2] == ["t��", "d�"]
    assert escaped("a\n  b") == "a b"


def test_a_network_of_many_inputs_has_pictures_of_its_strongest(tmp_path: Path) -> None:
    report, files = files_of(tmp_path, "regression")
    many = [replace(report.importance[0], feature=f"f{number}") for number in range(300)]
    drawn = dict(shown(replace(report, importance=many), {f"f{number}": "numeric" for number in range(300)}))
    assert len(drawn["importance.svg"]) < 30_000
    assert "and 280 more" in drawn["model-card.md"].decode()
    assert "f299" not in drawn["importance.svg"].decode()
    assert set(drawn) == set(files)


def neuron(directory: Path, **changes: Any) -> tuple[Report, dict[str, bytes]]:
    """A report of a neuron of three inputs with its certificate, and its files."""
    generator = np.random.default_rng(0)
    cells = {name: generator.normal(size=120) * size for name, size in (("near", 1), ("far", 300), ("idle", 1))}
    cells["y"] = 2 * cells["near"] - cells["far"] / 100 + generator.normal(size=120)
    kinds: Any = dict.fromkeys(cells, "numeric")
    path = write_table(directory / "t.parquet", {name: values.tolist() for name, values in cells.items()}, kinds)
    spec = spec_of(**{"split": Split(0, 0), "optimizer": OptimizerSpec("sgd", 0.05, 0.0), **changes})
    made = run(path, spec, kinds)
    features = {name: kind for name, kind in kinds.items() if name != "y"}
    asked = Trained(lambda: nullcontext(path), spec, features, made.prepared, made.predictor, 10, 2**30)
    report = typed_report_of(made, spec, certify(asked, lambda: None))
    return report, dict(shown(report, made.predictor.feature_kinds))


def test_learnt_and_optimal_stand_side_by_side_and_say_which_they_are(tmp_path: Path) -> None:
    report, files = neuron(tmp_path)
    picture, card = texts(files["weights.svg"]), files["model-card.md"].decode()
    assert {"learnt", "optimum", "difference"} <= set(picture)
    assert "| feature | learnt | optimum | difference |" in card
    for one in report.weights:
        numbers = [written(getattr(one, name), 0) for name in ("learnt", "optimum", "difference")]
        assert f"| `{one.feature}` | {' | '.join(numbers)} |" in card
        place = picture.index(one.feature)
        assert picture[place + 1 : place + 4] == numbers
    hints = {
        (element.find(f"{SVG}title").text or ""): float(element.get("cx", 0))  # type: ignore[union-attr]
        for element in elements(files["weights.svg"])
        if element.tag == f"{SVG}circle"
    }
    sloped = [one for one in report.weights if one.step]
    ends = {kind: [hints[f"{one.feature}, {kind}: {written(getattr(one, kind), 0)}"] for one in sloped]
            for kind in ("learnt", "optimum")}  # fmt: skip
    moved = [one.learnt * one.step - one.optimum * one.step for one in sloped]
    drawn = [learnt - best for learnt, best in zip(ends["learnt"], ends["optimum"], strict=True)]
    np.testing.assert_allclose(np.array(drawn) / drawn[0], np.array(moved) / moved[0], atol=0.03)


def test_the_card_forecasts_what_descent_does_on_its_rows(tmp_path: Path) -> None:
    """Counted on the design that the network read."""
    report, files = neuron(tmp_path)
    generator = np.random.default_rng(0)
    X = np.column_stack([generator.normal(size=120) * size for size in (1, 300, 1)])
    y = 2 * X[:, 0] - X[:, 1] / 100 + generator.normal(size=120)
    Z = np.column_stack([(X - X.mean(axis=0)) / X.std(axis=0), np.ones(120)])
    y = y - y.mean()
    least = np.mean((Z @ np.linalg.lstsq(Z, y, rcond=None)[0] - y) ** 2)

    def epochs(rate: float) -> int:
        w = np.zeros(4)
        for epoch in range(1000):
            if np.mean((Z @ w - y) ** 2) - least <= 0.01 * (np.mean(y**2) - least):
                return epoch
            w = w - rate * 2 / 120 * Z.T @ (Z @ w - y)
        return 1000

    told = report.curvature.forecast.scaled
    stable = 2 / np.linalg.eigvalsh(2 / 120 * Z.T @ Z)[-1]
    assert told.epochs_to_1_percent == epochs(told.best_learning_rate)
    assert told.epochs_to_1_percent == min(epochs(share * stable) for share in np.linspace(0.02, 0.99, 98))
    rate, counted = written(told.best_learning_rate, 0), told.epochs_to_1_percent
    assert f"scaled at a rate of {rate} after {counted} epoch" in files["model-card.md"].decode()


def test_the_lines_of_the_weights_end_where_the_weights_do(tmp_path: Path) -> None:
    report, files = neuron(tmp_path)
    lines = [e for e in elements(files["weights-by-epoch.svg"]) if e.tag == f"{SVG}polyline"]
    followed = [one for one in report.weights_by_epoch.weights if one.step is not None]
    assert len(lines) == len(followed) == 3
    heights = [[float(point.split(",")[1]) for point in (line.get("points") or "").split()] for line in lines]
    values = [[value * one.step for value in one.values] for one in followed]
    flat, drawn = np.concatenate(values), np.concatenate(heights)
    slope, level = np.polyfit(flat, drawn, 1)
    assert slope < 0  # higher numbers stand higher
    np.testing.assert_allclose(drawn, slope * flat + level, atol=0.1)
    dashed = [e for e in elements(files["weights-by-epoch.svg"]) if "dashed" in (e.get("class") or "")]
    expected = [slope * one.optimum * one.step + level for one in followed]
    np.testing.assert_allclose([float(line.get("y1", 0)) for line in dashed], expected, atol=0.1)


def test_where_there_is_no_optimum_the_picture_says_so(tmp_path: Path) -> None:
    _, files = neuron(tmp_path, optimizer=OptimizerSpec("sgd", 0.05, 0.0, l1=0.1))
    assert any("the exact optimum was not computed" in text for text in texts(files["weights.svg"]))
    assert not any("dashed" in text for text in texts(files["weights-by-epoch.svg"]))


def test_the_losses_of_the_last_epoch_are_told_with_when_they_are_taken(tmp_path: Path) -> None:
    """Full batches: the last training loss is that of the weights before the last step, the validation loss that of
    the weights after it, which are those that predict."""
    report, files = files_of(tmp_path, "regression", epochs=7, split=Split(0.3, 0.0))
    (tmp_path / "shorter").mkdir()
    shorter, _ = files_of(tmp_path / "shorter", "regression", epochs=6, split=Split(0.3, 0.0))
    last = report.history[-1]
    assert last.train_loss == pytest.approx(shorter.metrics["train"].mse, rel=1e-4)
    assert last.validation_loss == pytest.approx(report.metrics["validation"].mse, rel=1e-4)
    said = next(text for text in texts(files["loss.svg"]) if text.startswith("in the last epoch"))
    assert f"training {written(last.train_loss, 0)} (mean before each step)" in said
    assert f"validation {written(last.validation_loss, 0)} (after the last)" in said


def test_every_picture_has_a_place_of_its_own_a_section_of_the_card_and_a_media_type() -> None:
    """Found by their modules: one that is there shows what it draws."""
    assert {media_type(exhibit.file) for exhibit in exhibits()} == {"image/svg+xml"}
    assert len({exhibit.place for exhibit in exhibits()}) == len({exhibit.file for exhibit in exhibits()})
    modules = {path.stem for path in Path(pictures.__path__[0]).glob("*.py")} - {"__init__"}
    assert {exhibit.file.removesuffix(".svg").replace("-", "_") for exhibit in exhibits()} == modules
