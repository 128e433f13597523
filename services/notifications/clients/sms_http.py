"""SMS gateway over HTTP: one protocol, its codes mapped to our status set (docs/services/notifications.md)."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final
from uuid import UUID

import httpx

from chassis.logs import logger
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


class SmsGateway:
    """Sends and asks. Errors are those of `domain.outcome`; their codes never carry number or text."""

    def __init__(self, client: httpx.AsyncClient, url: str, secret: str) -> None:
        self._client = client
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {secret}"}

    async def send(self, reference: UUID, to: str, text: str, segments: int) -> Accepted:
        """Hand one message over under its client reference.

        Raises `Retryable`, `Throttled`, `Permanent`, `Duplicate`, `OutcomeUnknown`.
        """
        body = {"reference": str(reference), "to": to, "text": text}
        try:
            response = await self._client.post(f"{self._url}/messages", json=body, headers=self._headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            raise Retryable("not_connected") from None
        except httpx.HTTPError as error:
            raise OutcomeUnknown(type(error).__name__) from None
        if response.status_code == 202:
            return Accepted("accepted", segments)
        raise _error(response)

    async def ask(self, reference: UUID) -> Answer:
        """What became of a reference. Raises `Retryable` when the gateway gives no answer."""
        try:
            response = await self._client.get(f"{self._url}/messages/{reference}", headers=self._headers)
            if response.status_code == 404:
                return Answer(None, "unknown_reference")
            code = str(response.raise_for_status().json()["status"])
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            raise Retryable("not_answered") from None
        return Answer(status_of(code), code if code in _STATUSES else "unmapped")


def _error(response: httpx.Response) -> Exception:
    code = f"http_{response.status_code}"
    match response.status_code:
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


def _retry_after_seconds(response: httpx.Response) -> float:
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isdigit() else _DEFAULT_WAIT_SECONDS
