"""A supervisor over stand-ins, to be run as a process: `python -m tests.integration.small_stack '{"api": "…"}'`.

Each stand-in is a line of Python. The argument's keys: broker, api, workers (by name), stop_seconds, form.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

from service.supervisor.address import Address
from service.supervisor.child import Child, Program
from service.supervisor.probe import api_answers, valkey_answers
from service.supervisor.relay import Relay
from service.supervisor.stack import Stack


async def run(plan: dict[str, Any]) -> int:
    relay = Relay(sys.stdout.fileno(), plan.get("form", "console"), colour=False)

    def child(name: str, code: str) -> Child:
        return Child(Program(name, [sys.executable, "-u", "-c", code], dict(os.environ)), relay)

    stack = Stack(
        broker=child("valkey", plan["broker"]) if "broker" in plan else None,
        api=child("api", plan["api"]),
        workers=[child(name, code) for name, code in plan.get("workers", {}).items()],
        relay=relay,
        stop_seconds=plan.get("stop_seconds", 10),
    )
    address = Address("127.0.0.1", plan.get("port", 1))
    return await stack.run(
        partial(valkey_answers, Path(plan.get("socket", "none"))), partial(api_answers, address), "ready"
    )


if __name__ == "__main__":
    sys.exit(asyncio.run(run(json.loads(sys.argv[1]))))
