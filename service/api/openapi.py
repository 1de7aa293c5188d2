"""Print the OpenAPI document as YAML: `python -m service.api.openapi > openapi.yaml`."""

from __future__ import annotations

import sys

import yaml

from service.api.app import bare_app


def text() -> str:
    """The document as YAML, the same for the same code."""
    _, document = bare_app()
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)


if __name__ == "__main__":
    sys.stdout.write(text())
