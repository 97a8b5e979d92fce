"""Threads of a user, newest first."""

from dataclasses import dataclass, field

from chat_backend.core.ids import new_thread_id


@dataclass
class ThreadStore:
    threads: dict[str, list[str]] = field(default_factory=dict)

    def open(self, user_id: str) -> str:
        thread_id = new_thread_id()
        self.threads.setdefault(user_id, []).insert(0, thread_id)
        return thread_id

    def of(self, user_id: str) -> list[str]:
        return list(self.threads.get(user_id, ()))
