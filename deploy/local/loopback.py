"""Asking our own processes over HTTP: never through a proxy, whatever the environment or the system says."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping

NEAR = ("127.0.0.1", "localhost")

_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def is_healthy(url: str, timeout_seconds: float = 2) -> bool:
    """Whether this loopback address answers with a success."""
    try:
        with _opener.open(url, timeout=timeout_seconds) as response:
            return bool(response.status < 300)
    except (OSError, urllib.error.URLError, http.client.HTTPException):
        return False


def get_json(url: str, timeout_seconds: float = 2) -> "dict[str, dict[str, object]] | None":
    """The JSON object at this loopback address, or None while there is no good answer."""
    try:
        with _opener.open(url, timeout=timeout_seconds) as response:
            answer = json.load(response)
    except (OSError, ValueError, urllib.error.URLError, http.client.HTTPException):
        return None
    return answer if isinstance(answer, dict) else None


def without_proxy(environment: Mapping[str, str]) -> dict[str, str]:
    """Both spellings of NO_PROXY, with what they hold here and our own addresses."""
    named = ",".join(environment.get(name, "") for name in ("no_proxy", "NO_PROXY")).split(",")
    kept = ",".join(dict.fromkeys([*(host.strip() for host in named if host.strip()), *NEAR]))
    return {"no_proxy": kept, "NO_PROXY": kept}
