from .ws import WSManager

ConnectionManager = WSManager
