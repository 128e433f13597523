"""E-mail over SMTP, for people who have an address but no telephone."""

from dataclasses import dataclass
from email.message import EmailMessage
from typing import Final
from urllib.parse import unquote, urlsplit
from uuid import UUID

import aiosmtplib

from services.notifications.domain.outcome import Accepted, FailureReason, OutcomeUnknown, Permanent, Retryable

_DEFAULT_PORTS: Final = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over, and in whose name."""

    host: str
    port: int
    username: str | None
    password: str | None
    security: str
    """`smtp`: none; `smtp+starttls`: TLS after the greeting or nothing is sent; `smtps`: TLS from the start."""
    timeout_seconds: float
    sender: str

    @classmethod
    def at(cls, url: str, *, timeout_seconds: float, sender: str) -> "MailServer":
        """The server a URL names. Raises ValueError for a scheme other than those of `security`."""
        parts = urlsplit(url)
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
            raise ValueError(f"SMTP_URL must begin with one of {', '.join(_DEFAULT_PORTS)} and name a host")
        return cls(
            host=parts.hostname,
            port=parts.port or _DEFAULT_PORTS[parts.scheme],
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            security=parts.scheme,
            timeout_seconds=timeout_seconds,
            sender=sender,
        )


class Mail:
    """Sends one message per connection: few people have an e-mail address only."""

    def __init__(self, server: MailServer) -> None:
        self._server = server

    async def send(self, reference: UUID, to: str, subject: str, text: str) -> Accepted:
        """Hand one message over; the client reference is its Message-ID.

        Raises `Retryable` (not taken for now), `Permanent` (address or content refused), `OutcomeUnknown`.
        """
        client = self._client()
        try:
            # Until somebody is connected, greeted and signed in, certainly nothing was taken.
            await client.connect()
        except (aiosmtplib.SMTPException, OSError):
            client.close()
            raise Retryable("not_connected") from None
        try:
            await client.send_message(self._message(reference, to, subject, text))
        except aiosmtplib.SMTPRecipientsRefused as refused:
            codes = [recipient.code for recipient in refused.recipients]
            raise _refusal(max(codes), FailureReason.DEAD_NUMBER) from None
        except aiosmtplib.SMTPResponseException as refused:
            raise _refusal(refused.code, FailureReason.REFUSED_BY_GATEWAY) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise OutcomeUnknown(type(error).__name__) from None
        finally:
            client.close()
        return Accepted("smtp_accepted")

    def _client(self) -> aiosmtplib.SMTP:
        server = self._server
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.security == "smtps",
            start_tls=server.security == "smtp+starttls",
            timeout=server.timeout_seconds,
        )

    def _message(self, reference: UUID, to: str, subject: str, text: str) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._server.sender
        message["To"] = to
        message["Subject"] = subject
        message["Message-ID"] = f"<{reference}@{self._server.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        return message


def _refusal(code: int, reason: FailureReason) -> Exception:
    name = f"smtp_{code}"
    return Retryable(name) if 400 <= code < 500 else Permanent(name, reason)
