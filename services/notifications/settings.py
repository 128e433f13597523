"""What may be configured in notifications; the only reader of the environment."""

from pydantic import Field, SecretStr

from chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """Read from the environment, field names in capitals."""

    registry_url: str = "http://127.0.0.1:8100"
    """Where names and contacts are looked up, at the moment of sending."""
    registry_timeout_seconds: float = 10.0

    sms_gateway_url: str = "http://127.0.0.1:8200"
    sms_gateway_secret: SecretStr = SecretStr("")
    """Shared with the gateway: bearer token of our requests, HMAC key of its receipts. Empty: receipts are refused."""
    sms_timeout_seconds: float = 5.0
    sms_concurrency: int = 20
    """Requests to the gateway under way at once."""

    smtp_url: SecretStr = SecretStr("")
    """`smtp+starttls://user:password@host:587`, `smtps://` (TLS from the start) or `smtp://` (none, for tests).

    Empty: no e-mail; a person with an e-mail address only then counts as without contact.
    """
    smtp_timeout_seconds: float = 15.0
    email_sender: str = "no-reply@example.go.id"

    send_batch_size: int = Field(default=100, ge=1, le=500)
    """Messages taken up in one step, of which two are under way when there are many; also the size of a look-up, of
    which the registry takes 500 at most."""
    sending_stale_seconds: float = 60.0
    """A message that is `sending` for longer was left by a crash: the gateway is asked for it."""
    receipt_wait_seconds: float = 10.0
    """Without a receipt for so long the gateway is asked; the wait doubles from question to question."""
    receipt_deadline_seconds: float = 72 * 3600.0
    """Without a final status for so long the message counts as expired."""
