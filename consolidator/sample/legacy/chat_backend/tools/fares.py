"""Prices, to the cent."""

from decimal import Decimal
from typing import Any

FARES = {"adult": Decimal("31.90"), "child": Decimal("15.95"), "bicycle": Decimal("9.50")}


async def fares(question: str) -> dict[str, Any]:
    return {kind: price for kind, price in FARES.items()}
