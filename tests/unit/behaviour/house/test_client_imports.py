"""What importing the client brings with it, in an interpreter that has loaded nothing else."""

from __future__ import annotations

import subprocess
import sys

HEAVY = (
    *("celery", "kombu", "boto3", "botocore", "sqlalchemy", "alembic", "flask", "redis", "psycopg", "granian"),
    *("numpy", "pyarrow", "pandas", "polars", "torch", "IPython"),
)


def test_the_client_loads_nothing_of_the_server_and_no_library_of_tables() -> None:
    code = f"""
import sys
from service.client import Client
Client("http://127.0.0.1:9").close()
print([name for name in {HEAVY!r} if name in sys.modules])
print(sorted(name for name in sys.modules if name.startswith("service.") and not name.startswith("service.client")))
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "[]\n[]\n"
