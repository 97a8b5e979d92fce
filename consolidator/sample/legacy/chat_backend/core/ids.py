"""Identifiers: the prefix says what a value names."""

import uuid


def new_run_id() -> str:
    return f"run_{uuid.uuid4().hex[:12]}"


def new_thread_id() -> str:
    return f"thread_{uuid.uuid4().hex[:12]}"
