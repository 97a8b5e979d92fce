"""What a client says of itself before its first frame. Pure: headers and URL in, facts out."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl

TOKEN_PROTOCOL = "bearer."  # noqa: S105 - the prefix of a subprotocol, no secret
"""Browsers cannot set headers: `new WebSocket(url, ["wire", "bearer.<token>"])`.

The token may then hold only what a subprotocol may (RFC 6455, 4.1): a JWT does, a colon is out."""

TOKEN_COOKIE = "token"  # noqa: S105 - the cookie's name

_SHORTEST_SECRET = 4
"""Characters; striking out `1` wherever it stands would leave nothing to read."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """The opening request. Header names are in lower case; the last of equal names counts.

    `token` comes from `Authorization: Bearer …`, else from a subprotocol `bearer.…`, else from the
    cookie `token`, else from the first message `{"type":"auth","token":…}`; it is not in `repr`.
    """

    path: str
    headers: Mapping[str, str] = field(repr=False)
    query: Mapping[str, str] = field(repr=False)
    subprotocols: tuple[str, ...] = field(repr=False)
    address: str | None
    token: str | None = field(repr=False)

    @property
    def cookies(self) -> Mapping[str, str]:
        return _cookies(self.headers.get("cookie", ""))

    def strike_out(self, text: str) -> str:
        """`text` without what this client might have proved itself with, to be logged."""
        headers = (self.headers.get("authorization", ""), self.headers.get("cookie", ""))
        secrets = {*headers, self.token or "", *self.cookies.values(), *self.query.values()}
        secrets |= {protocol.removeprefix(TOKEN_PROTOCOL) for protocol in self.subprotocols}
        for secret in sorted(secrets, key=len, reverse=True):
            if len(secret) >= _SHORTEST_SECRET:
                text = text.replace(secret, "[struck out]")
        return text

    @property
    def origin(self) -> str | None:
        return self.headers.get("origin")


Authenticate = Callable[[Handshake], Awaitable[str | None] | str | None]
"""The user's id, or None to refuse. May be sync or async."""


def path_of(scope: Mapping[str, Any]) -> str:
    """Below the mount; servers that leave `root_path` out of `path` are understood too."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    return path[len(root) :] if path == root or path.startswith(f"{root}/") else path


def handshake_of_scope(scope: Mapping[str, Any]) -> Handshake:
    """From the scope of an ASGI websocket."""
    client = scope.get("client")
    return make_handshake(
        path=path_of(scope),
        headers={
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        },
        query_string=scope.get("query_string", b"").decode("latin-1"),
        subprotocols=tuple(scope.get("subprotocols", ())),
        address=client[0] if client else None,
    )


def make_handshake(
    *,
    path: str,
    headers: Mapping[str, str],
    query_string: str,
    subprotocols: tuple[str, ...],
    address: str | None,
) -> Handshake:
    query = dict(parse_qsl(query_string, keep_blank_values=True))
    token = _token(headers, subprotocols)
    return Handshake(path, headers, query, subprotocols, address, token)


def _token(headers: Mapping[str, str], subprotocols: tuple[str, ...]) -> str | None:
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credentials.strip():
        return credentials.strip()
    for protocol in subprotocols:
        if protocol.startswith(TOKEN_PROTOCOL):
            return protocol.removeprefix(TOKEN_PROTOCOL)
    return _cookies(headers.get("cookie", "")).get(TOKEN_COOKIE)


def _cookies(header: str) -> dict[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(header).items()}
    except CookieError:
        return {}


def subprotocol_to_accept(subprotocols: Iterable[str]) -> str | None:
    """The first that carries no token: a server must answer one of those offered, or none."""
    return next((p for p in subprotocols if not p.startswith(TOKEN_PROTOCOL)), None)


def origin_allowed(origin: str | None, allowed: frozenset[str] | None) -> bool:
    """Only browsers send an Origin; without an allow-list every origin passes."""
    return allowed is None or origin is None or origin in allowed
