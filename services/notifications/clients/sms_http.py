"""SMS gateway over HTTP: one protocol, its codes mapped to our status set (docs/services/notifications.md)."""

import hashlib
import hmac
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass
from uuid import UUID

import aiohttp

from chassis.logs import logger
from chassis.tls import trusted
from services.notifications.domain.outcome import (
    Accepted,
    Answer,
    Duplicate,
    FailureReason,
    OutcomeUnknown,
    Permanent,
    Retryable,
    Throttled,
    VendorStatus,
)

log = logger(__name__)

SIGNATURE_HEADER: Final = "X-Gateway-Signature"
"""`sha256=<hex>`: HMAC-SHA-256 of the raw body under the shared secret."""

_STATUSES: Final[Mapping[str, VendorStatus]] = {
    "accepted": VendorStatus.PENDING,
    "buffered": VendorStatus.PENDING,
    "delivered": VendorStatus.DELIVERED,
    "undeliverable": VendorStatus.DEAD_NUMBER,
    "rejected": VendorStatus.REFUSED,
    "expired": VendorStatus.EXPIRED,
}
_DEFAULT_WAIT_SECONDS: Final = 1.0


def status_of(code: str) -> VendorStatus:
    """Our status for a vendor's code; one nobody has mapped yet counts as pending, never as final."""
    status = _STATUSES.get(code)
    if status is None:
        log.warning("unmapped_gateway_status", length=len(code))
        return VendorStatus.PENDING
    return status


def signature(secret: str, body: bytes) -> str:
    """The signature of a body."""
    return f"sha256={hmac.digest(secret.encode(), body, hashlib.sha256).hex()}"


def signed_by_gateway(secret: str, body: bytes, given: str | None) -> bool:
    """Whether the signature is right; never without a secret."""
    return bool(secret) and given is not None and hmac.compare_digest(signature(secret, body), given)


def open_session(gateway_url: str, timeout_seconds: float) -> aiohttp.ClientSession:
    """Connections to the gateway; the timeout is that of connecting, and of each wait for an answer."""
    timeout = aiohttp.ClientTimeout(total=3 * timeout_seconds, sock_connect=timeout_seconds, sock_read=timeout_seconds)
    connector = aiohttp.TCPConnector(ssl=trusted(), limit=0)
    return aiohttp.ClientSession(connector=connector, timeout=timeout, proxy=proxy_of(gateway_url))


def proxy_of(url: str) -> str | None:
    """The proxy that the environment names for this address, asked once and not for every request."""
    parts = urlsplit(url)
    named = getproxies()
    return None if proxy_bypass(parts.hostname or "") else named.get(parts.scheme) or named.get("all")


class SmsGateway:
    """Sends and asks. Errors are those of `domain.outcome`; their codes never carry number or text."""

    def __init__(self, session: aiohttp.ClientSession, url: str, secret: str) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {secret}"}

    async def send(self, reference: UUID, to: str, text: str, segments: int) -> Accepted:
        """Hand one message over under its client reference.

        Raises `Retryable`, `Throttled`, `Permanent`, `Duplicate`, `OutcomeUnknown`.
        """
        body = {"reference": str(reference), "to": to, "text": text}
        try:
            async with self._session.post(
                f"{self._url}/messages", json=body, headers=self._headers, allow_redirects=False
            ) as response:
                if response.status == HTTPStatus.ACCEPTED:
                    return Accepted("accepted", segments)
                raise _error(response)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            raise Retryable("not_connected") from None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise OutcomeUnknown(type(error).__name__) from None

    async def ask(self, reference: UUID) -> Answer:
        """What became of a reference. Raises `Retryable` when the gateway gives no answer."""
        try:
            async with self._session.get(
                f"{self._url}/messages/{reference}", headers=self._headers, allow_redirects=False
            ) as response:
                if response.status == HTTPStatus.NOT_FOUND:
                    return Answer(None, "unknown_reference")
                if response.status != HTTPStatus.OK:
                    raise Retryable("not_answered")
                code = str((await response.json(content_type=None))["status"])
        except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError):
            raise Retryable("not_answered") from None
        return Answer(status_of(code), code if code in _STATUSES else "unmapped")


def _error(response: aiohttp.ClientResponse) -> Exception:
    code = f"http_{response.status}"
    match response.status:
        case 409:
            return Duplicate(code)
        case 422:
            return Permanent(code, FailureReason.DEAD_NUMBER)
        case 429:
            return Throttled(code, _retry_after_seconds(response))
        case 401 | 403 | 503:
            # 401 and 403: our own configuration is wrong, which the next message would meet too.
            return Retryable(code)
        case status if 400 <= status < 500:
            return Permanent(code, FailureReason.REFUSED_BY_GATEWAY)
        case _:
            return OutcomeUnknown(code)


def _retry_after_seconds(response: aiohttp.ClientResponse) -> float:
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isdigit() else _DEFAULT_WAIT_SECONDS
