"""Ferry desk: agents that answer travellers' questions while they watch."""

__version__ = "2.7.0"
