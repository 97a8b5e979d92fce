"""Builds the objects of this service from `config/services.toml`."""

import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

from chat_backend.agents.registry import AgentRegistry
from chat_backend.agents.triage import TriageAgent
from chat_backend.agents.unavailable import UnavailableAgent
from chat_backend.services.chat import ChatService
from chat_backend.tools.dispatcher import ToolDispatcher
from chat_backend.tools.fares import fares
from chat_backend.tools.timetable import timetable
from chat_backend.tools.weather import weather
from chat_backend.websocket.manager import WebSocketManager

CONFIG = Path(__file__).resolve().parent.parent / "config"


def load(dotted: str) -> Any:
    module, _, name = dotted.rpartition(".")
    return getattr(import_module(module), name)


def create_manager() -> WebSocketManager:
    settings = tomllib.loads((CONFIG / "services.toml").read_text(encoding="utf-8"))
    manager: WebSocketManager = load(settings["websocket"]["manager_factory"])()
    return manager


def create_registry(manager: WebSocketManager) -> AgentRegistry:
    registry = AgentRegistry()
    registry.register(TriageAgent())
    registry.register(UnavailableAgent())
    registry.set_websocket_manager(manager)
    return registry


def create_dispatcher() -> ToolDispatcher:
    dispatcher = ToolDispatcher()
    dispatcher.add("timetable", timetable)
    dispatcher.add("fares", fares)
    dispatcher.add("weather", weather)
    return dispatcher


def create_chat_service() -> ChatService:
    manager = create_manager()
    return ChatService(manager, create_registry(manager), create_dispatcher())
