"""Events from agents to their users' browsers: none lost, none repeated, none to the wrong user."""

from unified_runtime.agents import AgentRegistry
from unified_runtime.asgi import create_app
from unified_runtime.bridge import AgentWebSocketBridge
from unified_runtime.client import Event, Gap, connect
from unified_runtime.close_codes import CloseCode
from unified_runtime.context import UserExecutionContext
from unified_runtime.emitter import UnifiedWebSocketEmitter
from unified_runtime.events import CRITICAL_EVENTS
from unified_runtime.execution import AgentRun, ExecutionEngine
from unified_runtime.handshake import Handshake
from unified_runtime.journals.base import Journal, Retention
from unified_runtime.journals.memory import MemoryJournal
from unified_runtime.journals.redis import RedisJournal
from unified_runtime.journals.sqlite import SqliteJournal
from unified_runtime.limits import Limits
from unified_runtime.manager import UnifiedWebSocketManager
from unified_runtime.shared import get_manager, set_manager
from unified_runtime.tools import ToolExecutionEngine

__all__ = [
    "CRITICAL_EVENTS",
    "AgentRegistry",
    "AgentRun",
    "AgentWebSocketBridge",
    "CloseCode",
    "Event",
    "ExecutionEngine",
    "Gap",
    "Handshake",
    "Journal",
    "Limits",
    "MemoryJournal",
    "RedisJournal",
    "Retention",
    "SqliteJournal",
    "ToolExecutionEngine",
    "UnifiedWebSocketEmitter",
    "UnifiedWebSocketManager",
    "UserExecutionContext",
    "connect",
    "create_app",
    "get_manager",
    "set_manager",
]
