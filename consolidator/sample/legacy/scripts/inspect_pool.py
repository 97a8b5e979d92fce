"""Prints what the pool is made of."""

try:
    from chat_backend.websocket.pool import EmitterPool
except ImportError:
    EmitterPool = None

try:
    from chat_backend.websocket.bridge import AgentWebSocketBridge
except ImportError:
    AgentWebSocketBridge = None

print(EmitterPool, AgentWebSocketBridge)
