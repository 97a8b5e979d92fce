from .connections import ConnectionManager

RealtimeManager = ConnectionManager
