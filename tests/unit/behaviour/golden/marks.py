"""What is kept of a run: hashes that hold to the bit on one kind of machine, the form, which holds on every machine,
and some figures, which rounding moves a little on another kind of machine.

Words are hashed apart from all else: who rewrites a sentence of a report, a card or a picture changes `words` (and
`predict.py`, where the sentence is in that program), and no other mark.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
import pyarrow as pa
import pyarrow.parquet as pq
from safetensors.numpy import load

from tests.unit.behaviour.golden.running import Ended, without_ids

BY_THE_CLOCK = {
    "seconds", "created_at", "started_at", "finished_at", "rows_per_second", "eta_seconds", "speed", "versions",
}  # fmt: skip
"""Keys whose values are left out. `versions` of libraries belong to the machine's fingerprint."""
COUNTED = {"confusion", "accuracy", "f1", "roc_auc", "by_class"}
"""Metrics that jump where one row's class changes: no figures to hold within a tolerance."""
HEX_DIGITS = 12

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
_CLOCK_OR_VERSION = re.compile(r"\b\d+\.\d s\b|(?<=[a-z] )\d+\.\d+\.\d+\S*")
_SVG_WORDS = re.compile(r">([^<>]+)<|aria-label=\"([^\"]*)\"")

Marks = dict[str, Any]


def marks_of(ended: Ended) -> Marks:
    """`bits`, `form` and `figures` of a run, each by the name of its part."""
    files = {name: data for name, data in ended.files.items() if name != "report.json"}
    bits: dict[str, str] = {"spec": _hash(_plain(ended.job["spec"]))}
    form: dict[str, Any] = {"state": ended.job["state"], "spec": _hash(_masked(_plain(ended.job["spec"])))}
    figures: dict[str, float] = {}
    words: list[str] = [without_ids(message) for message in ended.messages]
    if ended.job["error"]:
        form["error"] = ended.job["error"]["code"]
        words.append(ended.job["error"]["detail"])
    for name, document in (("report", ended.report), ("result", ended.result), ("answers", ended.answers)):
        if document:
            told = _plain(document)
            bits[name] = _hash(_wordless(told))
            form[name] = _hash(sorted(set(_paths(told))))
            words += _sentences(told)
            figures |= {f"{name}/{path}": float(f"{number:.6g}") for path, number in _figures(name, told)}
    if files:
        form["files"] = sorted(files)
    for name, data in files.items():
        _add_file(name, data, bits, form, figures, words)
    bits["words"] = _hash(words)
    return {"form": form, "bits": bits, "figures": figures}


def marks_of_dataset(dataset: dict[str, Any]) -> Marks:
    """`bits` and `form` of an upload that has been read, with its profile."""
    told = _plain(dataset)
    columns = [[column["name"], column["kind"], column["nulls"]] for column in told["columns"]]
    return {
        "form": {"columns": columns, "rows": told["rows"], "keys": _hash(sorted(set(_paths(told))))},
        "bits": {"dataset": _hash(_wordless(told)), "words": _hash(_sentences(told))},
        "figures": {},
    }


def _add_file(name: str, data: bytes, bits: Marks, form: Marks, figures: dict[str, float], words: list[str]) -> None:
    if name.endswith(".safetensors"):
        tensors = load(data)
        raw = {key: [list(value.shape), value.tobytes().hex()] for key, value in tensors.items()}
        bits["weights"] = _hash(raw)
        form["weights"] = {key: list(value.shape) for key, value in sorted(tensors.items())}
        norm = np.linalg.norm(np.concatenate([value.ravel() for value in tensors.values()]).astype(np.float64))
        figures["norm of the weights"] = float(f"{norm:.6g}")
    elif name == "manifest.json":
        manifest = _plain(json.loads(data))
        bits["manifest"] = _hash(manifest)
        form["manifest"] = _hash(_masked(manifest))
    elif name.endswith(".svg"):
        text = data.decode()
        said = [first or second for first, second in _SVG_WORDS.findall(text)]
        bits[name] = _hash(_SVG_WORDS.sub(lambda found: " ".join(_NUMBER.findall(found[0])), text))
        words += said
    elif name.endswith(".md"):
        text = _CLOCK_OR_VERSION.sub("", without_ids(data.decode()))
        bits[name] = _hash(_NUMBER.findall(text))
        words.append(text)
    elif name.endswith(".onnx"):
        graph = onnx.load_model_from_string(data)
        words.append(graph.doc_string)
        graph.doc_string = graph.producer_version = ""
        for entry in graph.metadata_props:
            entry.value = json.dumps(_plain(json.loads(entry.value))) if entry.value.startswith("{") else entry.value
        bits[name] = hashlib.sha256(graph.SerializeToString(deterministic=True)).hexdigest()[:HEX_DIGITS]
    elif name.endswith(".py"):
        bits[name] = _hash(_without_docstrings(data.decode()))
    else:
        bits[name] = hashlib.sha256(_cells(data)).hexdigest()[:HEX_DIGITS]


def _cells(data: bytes) -> bytes:
    """A Parquet file by its cells and types, since it names the library that wrote it; all else as it is."""
    if not data.startswith(b"PAR1"):
        return data
    table = pq.read_table(pa.BufferReader(data))
    return json.dumps([str(table.schema.remove_metadata()), table.to_pylist()], default=str).encode()


def _hash(document: Any) -> str:
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:HEX_DIGITS]


def _plain(document: Any) -> Any:
    """Without what the clock gives, and with ids cut to their kind."""
    if isinstance(document, dict):
        return {key: _plain(value) for key, value in document.items() if key not in BY_THE_CLOCK}
    if isinstance(document, list):
        return [_plain(value) for value in document]
    return without_ids(document) if isinstance(document, str) else document


def _wordless(document: Any) -> Any:
    """With each sentence as "…": a text with a blank that is no key."""
    if isinstance(document, dict):
        return {key: _wordless(value) for key, value in document.items()}
    if isinstance(document, list):
        return [_wordless(value) for value in document]
    if isinstance(document, str) and document.startswith("<svg"):
        return _SVG_WORDS.sub(lambda found: " ".join(_NUMBER.findall(found[0])), document)
    return "…" if _is_sentence(document) else document


def _sentences(document: Any) -> list[str]:
    if isinstance(document, dict | list):
        values = document.values() if isinstance(document, dict) else document
        return [sentence for value in values for sentence in _sentences(value)]
    return [document] if _is_sentence(document) else []


def _is_sentence(value: Any) -> bool:
    return isinstance(value, str) and " " in value.strip()


def _masked(document: Any) -> Any:
    """With each number that is not whole as 0: what rounding cannot change."""
    if isinstance(document, dict):
        return {key: _masked(value) for key, value in document.items()}
    if isinstance(document, list):
        return [_masked(value) for value in document]
    return 0.0 if isinstance(document, float) else document


def _paths(document: Any, path: str = "") -> Iterator[str]:
    """Of every key, those of a list's entries once."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield f"{path}/{key}"
            yield from _paths(value, f"{path}/{key}")
    elif isinstance(document, list):
        for value in document:
            yield from _paths(value, f"{path}/*")


def _figures(name: str, told: Any) -> Iterator[tuple[str, float]]:
    """The few numbers of a document that say how a run went."""
    if name == "answers":
        yield from _numbers(told["predictions"], "predictions")
    elif name == "report":
        yield from _numbers(told["metrics"], "metrics")
        yield from _numbers(told["history"][-1], "last")
        if told["certificate"]:
            yield "optimum_loss", told["certificate"]["optimum_loss"]
        if told["curvature"]["scaled"]:
            yield "lambda_max", told["curvature"]["scaled"]["lambda_max"]
    elif "descents" in told:
        yield from _numbers([[one["loss"], one["steps"]] for one in told["descents"]], "descents")


def _numbers(document: Any, path: str) -> Iterator[tuple[str, float]]:
    if isinstance(document, dict | list):
        pairs = document.items() if isinstance(document, dict) else enumerate(document)
        for key, value in pairs:
            if key not in COUNTED:
                yield from _numbers(value, f"{path}/{key}")
    elif isinstance(document, int | float) and not isinstance(document, bool):
        yield path, document


def _without_docstrings(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.unparse(tree)
