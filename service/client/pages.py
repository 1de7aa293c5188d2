"""Versions and reports as a notebook shows them: plain HTML, in which whatever a table or a user named is text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

SPLITS = ("train", "validation", "test")
COEFFICIENTS = ("learnt", "optimum", "difference", "low", "high")  # the last two are of the optimum
NUMBER = 'style="text-align: right"'


class Report(dict[str, Any]):
    """A report as the server gives it, which a notebook shows as a page."""

    def _repr_html_(self) -> str:
        return report_page(self)


def version_page(ref: str, task: str, targets: Sequence[str], metrics: Mapping[str, Any], job: str) -> str:
    """What a version is and what it scored."""
    head = f"<p><b>{escape(ref)}</b> predicts {escape(', '.join(targets))} ({escape(task)})</p>"
    return f"{head}{_scores(metrics, {})}<p>{escape(job)}</p>"


def report_page(report: Mapping[str, Any]) -> str:
    """How good a version is beside the baseline, what is certain of it, and what there is to note."""
    rows = report.get("rows") or {}
    counted = ", ".join(f"{rows[split]:,} {split}" for split in SPLITS if rows.get(split))
    told = [f"{report.get('task') or ''}{f': {counted} rows' if counted else ''}"]
    told += [str(it) for it in ((report.get("verdict") or {}).get("sentence"),) if it]
    certificate = report.get("certificate") or {}
    if certificate.get("loss") is not None:
        names = ("loss", "optimum_loss", "gap")
        told.append(", ".join(f"{name.replace('_', ' ')} {_figure(certificate.get(name))}" for name in names))
    paragraphs = "".join(f"<p>{escape(text)}</p>" for text in told if text)
    parts = [
        paragraphs,
        _scores(report.get("metrics") or {}, report.get("baseline") or {}),
        _figures("coefficient", COEFFICIENTS, report.get("weights") or ()),
        _figures("importance", ("value", "low", "high"), report.get("importance") or ()),
        *(f"<p>note: {escape(str(it.get('detail')))}</p>" for it in report.get("warnings") or ()),
    ]
    return "".join(parts)


def _scores(metrics: Mapping[str, Any], baseline: Mapping[str, Any]) -> str:
    """Each metric on each split, and what the baseline scores on the last one."""
    judged = [split for split in SPLITS if metrics.get(split)]
    if not judged:
        return ""
    names = [name for name, value in metrics[judged[0]].items() if not isinstance(value, list | dict)]
    columns = {split: metrics[split] for split in judged}
    beside = next((split for split in reversed(SPLITS) if baseline.get(split)), None)
    if beside is not None:
        columns[f"baseline ({beside})"] = baseline[beside]
    return _table(("metric", *columns), ([name, *(scores.get(name) for scores in columns.values())] for name in names))


def _figures(heading: str, names: Sequence[str], found: Iterable[Mapping[str, Any]]) -> str:
    rows = [
        [": ".join(str(it[key]) for key in ("class", "feature") if it.get(key) is not None)]
        + [it.get(name) for name in names]
        for it in found
    ]
    return _table((heading, *names), rows) if rows else ""


def _table(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Rows under headings; the first cell of each is a name, the others are numbers."""
    head = "".join(f"<th>{escape(heading)}</th>" for heading in headings)
    body = "".join(
        f"<tr><td>{escape(str(name))}</td>{''.join(f'<td {NUMBER}>{_figure(it)}</td>' for it in numbers)}</tr>"
        for name, *numbers in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _figure(value: Any) -> str:
    return "–" if value is None else f"{value:.5g}" if isinstance(value, float) else escape(str(value))
