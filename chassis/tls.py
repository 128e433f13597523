"""Whom our HTTP clients trust."""

import ssl
from functools import cache

import httpx


@cache
def trusted() -> ssl.SSLContext:
    """The system's authorities, read once: each client would read them anew, which takes longer than most requests."""
    return httpx.create_ssl_context()
