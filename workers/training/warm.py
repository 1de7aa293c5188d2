"""What a process that trains does at its start, so that no user's job waits for it: imports, and compiled kernels."""

from __future__ import annotations

from typing import Any

from celery.signals import worker_process_init

import workers.job  # noqa: F401  it brings torch and all else
from workers.training.engines.fused.warm import compile_kernels
from workers.training.threads import use_one_thread


@worker_process_init.connect  # type: ignore[untyped-decorator]
def _start_child(**_: Any) -> None:
    use_one_thread()
    compile_kernels()
