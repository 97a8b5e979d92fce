"""Money back."""

from decimal import Decimal
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from chat_backend.websocket.manager import (
        WebSocketManager,
    )


class RefundDesk:
    def __init__(self, manager: "Optional[WebSocketManager]" = None) -> None:
        self._manager = manager

    async def refund(self, user_id: str, amount: Decimal) -> None:
        if self._manager is not None:
            await self._manager.emit_event("refund", user_id, {"amount": str(amount)})
