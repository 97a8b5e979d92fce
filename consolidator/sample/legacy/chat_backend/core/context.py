"""Who a run belongs to."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RunContext:
    user_id: str
    thread_id: str
    run_id: str
