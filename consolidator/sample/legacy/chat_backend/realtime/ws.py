from ..websocket.manager import WebSocketManager

WSManager = WebSocketManager
