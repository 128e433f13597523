"""The running services' own APIs, as commands ask them: one answer per service, or an error that says what to do."""

import os
from collections.abc import Mapping
from typing import Any

import httpx

from cli.running import require_running
from deploy.local.errors import StackError
from deploy.local.home import default_home
from deploy.local.installation import require_demo
from deploy.local.issuer import ISSUER, Issuer

TIMEOUT_SECONDS = 30


class Services:
    """The services of the running stack, asked in the name of an operator."""

    def __init__(self, *roles: str, subject: str = "sinergi-cli") -> None:
        """Raises StackError when no stack runs, or when its issuer is not ours and no token is given."""
        state = require_running(default_home())
        self.urls: Mapping[str, str] = {name: part["url"] for name, part in state["services"].items()}
        self.zipkin_url: str = state["zipkin_url"]
        self.headers = {"Authorization": f"Bearer {_token(state, roles or ('operator',), subject)}"}

    def get(self, service: str, path: str, **query: Any) -> Any:
        """The JSON answer of one service. Raises StackError with the service's own words when it refuses."""
        return self._ask("GET", service, path, params=query)

    def post(self, service: str, path: str, body: Any = None, *, idempotency_key: str | None = None) -> Any:
        """Ask one service to do something; its JSON answer. Raises StackError as `get` does."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        return self._ask("POST", service, path, json=body, headers=headers)

    def _ask(self, method: str, service: str, path: str, **options: Any) -> Any:
        if service not in self.urls:
            raise StackError(f"There is no service {service!r}; there are {', '.join(self.urls)}.")
        headers = self.headers | options.pop("headers", {})
        try:
            answer = httpx.request(
                method, self.urls[service] + path, headers=headers, timeout=TIMEOUT_SECONDS, trust_env=False, **options
            )
        except httpx.TransportError as error:
            raise StackError(f"{service} does not answer ({type(error).__name__}): see `sinergi status`.") from error
        if answer.is_error:
            raise StackError(f"{service} refused: {_reason(answer)}")
        return answer.json()


def _reason(answer: httpx.Response) -> str:
    try:
        problem = answer.json()
    except ValueError:
        return f"status {answer.status_code}"
    told = [f"{name} {value}" for name, value in problem.get("facts", {}).items()]
    told += [f"{error['field']}: {error['message']}" for error in problem.get("errors", ())]
    # The last part of the type is what the runbooks name a refusal by.
    code = str(problem.get("type", "")).rpartition(":")[2]
    named = ", ".join([*filter(None, [code]), f"status {answer.status_code}", *told])
    return f"{problem.get('title', 'no reason given')} ({named})"


def _token(state: dict[str, Any], roles: tuple[str, ...], subject: str) -> str:
    if given := os.environ.get("SINERGI_TOKEN"):
        return given
    if state["issuer"] != ISSUER:
        raise StackError("This stack has an external issuer: put an operator's token of it into SINERGI_TOKEN.")
    home = default_home()
    require_demo(home, "A token of the embedded issuer")
    return Issuer(home).mint(subject, list(roles), "*", "", lifetime_seconds=60)
