"""A browser's session: the officer's own token, kept in a cookie that scripts cannot read and other sites cannot send.

There is no password here: the token comes from the issuer. The cookie lives as long as the browser; the token inside it
ends by its own time.
"""

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from chassis.auth import TokenVerifier
from chassis.errors import NotAllowed
from chassis.http import Routes
from chassis.i18n import Language
from chassis.pages import render
from services.console.settings import Settings

COOKIE = "session"
"""The name under which the edge looks for a token when there is no header."""

_PUBLIC = {"x-public": True}
"""Whoever signs in has no rights yet."""

routes = Routes(tags=["session"])


async def get_session_page(request: Request) -> HTMLResponse:
    """The form that takes a token."""
    settings: Settings = request.app.state.settings
    return HTMLResponse(render("services.console", "session.html", Language.of(request), settings.zone))


async def post_session(request: Request, token: Annotated[str, Form(max_length=8192)]) -> RedirectResponse:
    """Keep a valid token in the browser. Raises NotSignedIn for an invalid one, NotAllowed for another site's form.

    It changes nothing on the server, so it needs no Idempotency-Key, which a form could not send.
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        # Otherwise another site could sign a browser in under an identity of its own choice.
        raise NotAllowed(operation="session.open")
    verifier: TokenVerifier = request.app.state.verifier
    await verifier.officer(token)
    settings: Settings = request.app.state.settings
    response = RedirectResponse("/session", status_code=303)
    response.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=settings.session_cookie_secure)
    return response


routes.add_api_route("/session", get_session_page, response_class=HTMLResponse, openapi_extra=_PUBLIC)
routes.add_api_route("/session", post_session, methods=["POST"], status_code=303, openapi_extra=_PUBLIC)


def bearer_token(request: Request) -> str:
    """The token this request came with, by header or cookie; empty without one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else request.cookies.get(COOKIE, "")
