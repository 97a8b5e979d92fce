"""Trouble, said in words a traveller understands."""

from chat_backend.core.context import RunContext
from chat_backend.websocket import (
    IsolatedEventEmitter,
    WebSocketManager,
)


async def report_failure(manager: WebSocketManager, context: RunContext, error: Exception) -> None:
    emitter = IsolatedEventEmitter(context, manager)
    if isinstance(error, TimeoutError):
        await emitter.error("The answer takes too long. Please try again.")
    else:
        await emitter.error("Something went wrong.")
