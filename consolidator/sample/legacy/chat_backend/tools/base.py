"""A tool is an async function of the question."""

from typing import Any, Awaitable, Callable

Tool = Callable[[str], Awaitable[Any]]
