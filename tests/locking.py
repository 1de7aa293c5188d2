"""What `make lock` runs: requirements.lock, every package with the hashes of its files, in parts that nest.

An image takes the parts that it needs, in the order of `PARTS`: each begins at a line with its name. The versions that
the file names already are kept where pyproject.toml still allows them.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

LOCK = Path("requirements.lock")
BACKEND = "setuptools>=77,<90"  # as in pyproject.toml's build-system
PARTS: Mapping[str, str] = {
    "build": "what makes the wheel",
    "api": "the API and the client",
    "worker": "what learns, besides",
    "gpu": "what torch's builds for GPUs need, besides",
    "dev": "what tests, benchmarks and checks need, besides",
}
FOR_GPUS = re.compile(r"(nvidia|cuda)-.+|triton")
Pins = dict[str, tuple[str, list[str]]]
"""By name: the requirement (`name==version`, with a marker), and its hashes."""


def main(further: Sequence[Path]) -> None:
    """`further`: files of builds that no index has, whose hashes are right as well; those named before are kept."""
    kept = pins(LOCK.read_text()) if LOCK.exists() else {}
    everything = compiled(["--extra", "worker", "--extra", "dev", "--extra", "bench"], "--generate-hashes")
    everything |= compiled([], "--generate-hashes", source=BACKEND)
    allow(everything, kept, further)
    worker = set(compiled(["--extra", "worker"]))
    names = {"build": {"setuptools"}, "api": set(compiled([])) - {"setuptools"}}
    names["gpu"] = {name for name in worker if FOR_GPUS.fullmatch(name)}
    names["worker"] = worker - names["api"] - names["gpu"] - names["build"]
    names["dev"] = set(everything) - set().union(*names.values())
    LOCK.write_text("\n".join(written(part, {name: everything[name] for name in names[part]}) for part in PARTS))


def compiled(extras: Sequence[str], *options: str, source: str = "") -> Pins:
    """What uv resolves pyproject.toml (or the requirement `source`) to, under what is locked already."""
    uv = Path(sys.executable).parent.parent / "locking" / "bin" / "uv"
    with tempfile.TemporaryDirectory() as directory:
        wanted, constraints = Path("pyproject.toml"), Path(directory) / "locked.txt"
        if source:
            wanted = Path(directory) / "source.in"
            wanted.write_text(source)
        constraints.write_text("".join(f"{pin}\n" for pin, _ in pins(LOCK.read_text()).values()))
        command = [uv, "pip", "compile", wanted, *extras, *options, "--python-version", "3.11", "--no-annotate"]
        done = subprocess.run(
            [*command, "--no-header", "--quiet", "--constraint", constraints],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    return pins(done.stdout)


def pins(text: str) -> Pins:
    """The packages of a lock.

    >>> pins("a==1 \\\\\\n    --hash=sha256:00\\n# a comment\\nb==2\\n")
    {'a': ('a==1', ['sha256:00']), 'b': ('b==2', [])}
    """
    found: Pins = {}
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        pin, *hashes = line.split("--hash=")
        if pin and not pin.startswith(("#", " ")):
            found[pin.split("==")[0].lower()] = pin.strip(), [one.strip() for one in hashes]
    return found


def allow(everything: Pins, kept: Pins, further: Iterable[Path]) -> None:
    """Add the hashes of builds that no index has: those known for the same version, and those of files."""
    for name, (pin, hashes) in kept.items():
        if name in everything and everything[name][0] == pin:
            everything[name][1].extend(one for one in hashes if one not in everything[name][1])
    for file in further:
        name = file.name.split("-")[0].lower().replace("_", "-")
        everything[name][1].append("sha256:" + sha256(file.read_bytes()).hexdigest())


def written(part: str, packages: Pins) -> str:
    """A part of the lock."""
    lines = [f"# {part}: {PARTS[part]}"]
    for _, (pin, hashes) in sorted(packages.items()):
        lines.append(" \\\n".join([pin, *(f"    --hash={one}" for one in sorted(set(hashes)))]))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
