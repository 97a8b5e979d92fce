"""Loads a server and checks every connection's numbers: `python -m unified_runtime.loadtest`."""
