"""The standard library's real classes, one generated table per Python version."""

from consolidator.tree.stdlib.table import StandardLibrary, load_standard_library

__all__ = ["StandardLibrary", "load_standard_library"]
