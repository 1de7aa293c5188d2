"""predict.py, the one file that answers for a model without Adaline: the modules of `standalone`, joined."""

from __future__ import annotations

import ast
import functools
import sys
from importlib import resources

SCRIPT = "predict.py"
PARTS = "workers.export.standalone"
ORDER = ("predict.py", "cells.py", "command.py")


@functools.cache
def script() -> bytes:
    """The text of predict.py, the same for every model: it reads what the other files say. The docstring is that of the
    first part."""
    texts = [resources.files(PARTS).joinpath(name).read_text(encoding="utf-8") for name in ORDER]
    trees = [ast.parse(text) for text in texts]
    bodies = [_body(text, tree) for text, tree in zip(texts, trees, strict=True)]
    head = f"{_docstring(texts[0], trees[0])}\n{_imports(trees)}\n"
    return (head + "\n\n".join(bodies)).encode()


def _docstring(text: str, tree: ast.Module) -> str:
    return "".join(text.splitlines(keepends=True)[: tree.body[0].end_lineno])


def _body(text: str, tree: ast.Module) -> str:
    """What follows the imports."""
    imports = [one for one in tree.body if isinstance(one, ast.Import | ast.ImportFrom)]
    return "".join(text.splitlines(keepends=True)[imports[-1].end_lineno :]).lstrip("\n")


def _imports(trees: list[ast.Module]) -> str:
    """The imports of all parts, each once, except what the parts import of each other."""
    plain: set[str] = set()
    names: dict[str, set[str]] = {}
    for node in (node for tree in trees for node in tree.body):
        if isinstance(node, ast.Import):
            plain.update(ast.unparse(node).splitlines())
        elif isinstance(node, ast.ImportFrom) and node.module and not node.module.startswith(PARTS):
            names.setdefault(node.module, set()).update(ast.unparse(alias) for alias in node.names)
    lines = [*sorted(plain), *(f"from {module} import {', '.join(sorted(names[module]))}" for module in sorted(names))]
    groups: tuple[list[str], ...] = ([], [], [])
    for line in lines:
        module = line.split()[1].partition(".")[0]
        groups[0 if module == "__future__" else 1 if module in sys.stdlib_module_names else 2].append(line)
    return "\n".join("".join(f"{line}\n" for line in group) for group in groups)
