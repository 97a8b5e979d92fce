"""Who gets in: origin, position, credentials and limits, before any frame is processed."""

import asyncio
import inspect
import logging
import traceback
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Protocol

from unified_runtime.close_codes import CloseCode
from unified_runtime.connection import Connection
from unified_runtime.errors import (
    ConnectionRefusedByLimitError,
    JournalError,
    ManagerClosedError,
    ProtocolError,
)
from unified_runtime.handshake import Authenticate, Handshake, origin_allowed
from unified_runtime.limits import Limits
from unified_runtime.names import encode_user
from unified_runtime.protocol.frames import Auth, Resume, parse_client_frame, resume_from_query
from unified_runtime.sinks import Sink

_log = logging.getLogger(__name__)

FirstMessage = Callable[[], Awaitable[str | bytes]]


class RefusedError(Exception):
    """The handshake ends here; `code` says why."""

    def __init__(self, code: CloseCode) -> None:
        super().__init__(code.reason)
        self.code = code


class Opens(Protocol):
    """The part of the manager that admission needs."""

    @property
    def closed(self) -> bool: ...

    @property
    def limits(self) -> Limits: ...

    async def open_connection(
        self, user_id: str, sink: Sink, *, address: str | None = None
    ) -> Connection: ...


class Admission:
    """The same for every shell; each refusal is a RefusedError with its close code."""

    def __init__(
        self,
        manager: Opens,
        authenticate: Authenticate,
        *,
        origins: Iterable[str] | None = None,
    ) -> None:
        if not callable(authenticate):
            raise TypeError(
                f"authenticate must be a function of the Handshake, not {authenticate!r}"
            )
        self._manager = manager
        self._authenticate = authenticate
        self._origins = frozenset(origins) if origins is not None else None

    @property
    def limits(self) -> Limits:
        return self._manager.limits

    async def admit(
        self, handshake: Handshake, first_message: FirstMessage
    ) -> tuple[str, Resume | None]:
        """The user and the position in the URL.

        `first_message` is awaited only if the handshake brought no token and `authenticate`
        refused it.
        """
        resume = self._check(handshake)
        user_id = await self._user(handshake)
        if user_id is None and handshake.token is None:
            token = await self._token(first_message)
            user_id = await self._user(replace(handshake, token=token))
        if user_id is None:
            raise RefusedError(CloseCode.BAD_CREDENTIALS)
        return user_id, resume

    async def open(self, user_id: str, sink: Sink, address: str | None) -> Connection:
        try:
            return await self._manager.open_connection(user_id, sink, address=address)
        except ConnectionRefusedByLimitError:
            raise RefusedError(CloseCode.TOO_MANY_CONNECTIONS) from None
        except ManagerClosedError:
            raise RefusedError(CloseCode.GOING_AWAY) from None
        except JournalError:
            raise RefusedError(CloseCode.JOURNAL_UNAVAILABLE) from None

    def _check(self, handshake: Handshake) -> Resume | None:
        if not origin_allowed(handshake.origin, self._origins):
            raise RefusedError(CloseCode.FORBIDDEN)
        if self._manager.closed:
            raise RefusedError(CloseCode.GOING_AWAY)
        try:
            return resume_from_query(handshake.query)
        except ProtocolError as error:
            raise RefusedError(CloseCode(error.code)) from None

    async def _user(self, handshake: Handshake) -> str | None:
        """What the application answers; its failure is logged, and no client's fault."""
        try:
            async with asyncio.timeout(self.limits.authentication_timeout):
                answer = self._authenticate(handshake)
                user_id = await answer if inspect.isawaitable(answer) else answer
            if user_id is not None:
                encode_user(user_id)
        except Exception as error:  # noqa: BLE001 - foreign code runs here
            text = "".join(traceback.format_exception(error))
            _log.error("authenticate failed\n%s", handshake.strike_out(text))
            raise RefusedError(CloseCode.AUTHENTICATION_UNAVAILABLE) from None
        return user_id

    async def _token(self, first_message: FirstMessage) -> str:
        try:
            async with asyncio.timeout(self.limits.authentication_timeout):
                text = await first_message()
        except TimeoutError:
            raise RefusedError(CloseCode.AUTHENTICATION_TIMEOUT) from None
        try:
            frame = parse_client_frame(text, self.limits.frame_bytes)
        except ProtocolError as error:
            raise RefusedError(CloseCode(error.code)) from None
        if not isinstance(frame, Auth):
            raise RefusedError(CloseCode.BAD_CREDENTIALS)
        return frame.token
