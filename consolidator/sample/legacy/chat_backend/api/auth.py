"""Which user a connection belongs to."""

from typing import Any, Optional
from urllib.parse import parse_qs

TOKEN_PREFIX = "token-of-"


def user_of(scope: dict[str, Any]) -> Optional[str]:
    query = parse_qs(scope.get("query_string", b"").decode("ascii"))
    token = query.get("token", [""])[0]
    return token.removeprefix(TOKEN_PREFIX) if token.startswith(TOKEN_PREFIX) else None
