"""The one list of close codes.

A client acts on the range alone: 4400-4499 do not reconnect, 4500-4599 reconnect and resume.
"""

from enum import IntEnum


class CloseCode(IntEnum):
    """`code.reason` is sent with the code; `code.reconnect` says what a client should do."""

    MALFORMED = 4400
    BAD_CREDENTIALS = 4401
    FORBIDDEN = 4403
    AUTHENTICATION_TIMEOUT = 4408
    TOO_LARGE = 4413
    TOO_FAST = 4429
    SLOW_CONSUMER = 4500
    GOING_AWAY = 4501
    IDLE = 4502
    TOO_MANY_CONNECTIONS = 4503
    JOURNAL_UNAVAILABLE = 4504
    AUTHENTICATION_UNAVAILABLE = 4505

    @property
    def reason(self) -> str:
        """At most 123 bytes, the limit of a close frame (RFC 6455, 5.5.1)."""
        return _WHEN[self][0]

    @property
    def sent_when(self) -> str:
        return _WHEN[self][1]

    @property
    def reconnect(self) -> bool:
        return self >= 4500


_WHEN: dict[CloseCode, tuple[str, str]] = {
    CloseCode.MALFORMED: ("malformed frame", "a frame is not one of the wire's JSON objects"),
    CloseCode.BAD_CREDENTIALS: ("bad credentials", "`authenticate` returned no user"),
    CloseCode.FORBIDDEN: ("forbidden", "the Origin header is not on the allow-list"),
    CloseCode.AUTHENTICATION_TIMEOUT: (
        "no credentials in time",
        "the first message with the token did not come in time",
    ),
    CloseCode.TOO_LARGE: ("frame too large", "a client's frame is over `Limits.frame_bytes`"),
    CloseCode.TOO_FAST: (
        "too many frames",
        "a client or a user's clients together sent frames over their rate",
    ),
    CloseCode.SLOW_CONSUMER: ("slow consumer", "one write took longer than `Limits.write_timeout`"),
    CloseCode.GOING_AWAY: ("server going away", "the server shuts down"),
    CloseCode.IDLE: (
        "idle",
        "nothing was heard for `Limits.heartbeat_timeout` from a client that used to send `ping`, "
        "or for `Limits.idle_timeout` from any",
    ),
    CloseCode.TOO_MANY_CONNECTIONS: (
        "too many connections",
        "the user or the address holds as many connections as it may, or the address connects "
        "too often",
    ),
    CloseCode.AUTHENTICATION_UNAVAILABLE: (
        "authentication unavailable",
        "`authenticate` raised, took too long, or returned what is no user's id",
    ),
    CloseCode.JOURNAL_UNAVAILABLE: ("journal unavailable", "the history could not be read"),
}
