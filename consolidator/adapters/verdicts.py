"""The guard's answers on disk: an unchanged tree costs the reading of its files."""

from __future__ import annotations

from importlib import import_module
from pkgutil import walk_packages

from consolidator import tree
from consolidator.adapters.cache import ContentCache
from consolidator.analysis import emissions
from consolidator.analysis.emissions.report import Answer


class KnownAnswers:
    """May always be missing or damaged: then it simply knows nothing. Any change of the code that
    judges empties it."""

    def __init__(self) -> None:
        packages = (emissions, tree)
        makers = [
            import_module(found.name)
            for package in packages
            for found in walk_packages(package.__path__, f"{package.__name__}.")
        ]
        self._cache = ContentCache[Answer]("guard", Answer, makers)

    def get(self, question: bytes) -> Answer | None:
        return self._cache.get([question]).get(question)

    def put(self, question: bytes, answer: Answer) -> None:
        self._cache.put({question: answer})
