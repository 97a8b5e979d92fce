"""Whose run it is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UserExecutionContext:
    """One run of one user; everything emitted through it reaches that user only."""

    user_id: str
    thread_id: str | None = None
    run_id: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.user_id, str) or not self.user_id:
            raise ValueError("user_id must be a non-empty string")
