"""What may be configured in the simulated SMS gateway."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from simulators.magic_numbers import Shares


class GatewaySettings(BaseSettings):
    """Read from environment variables with the prefix `SMS_GATEWAY_`, names in capitals."""

    model_config = SettingsConfigDict(env_prefix="SMS_GATEWAY_", extra="ignore", frozen=True, populate_by_name=True)

    secret: SecretStr
    """Bearer token of requests, HMAC key of receipts."""
    receipts_url: str = Field(default="", validation_alias="SMS_RECEIPTS_URL")
    """Where receipts are posted; empty: nowhere, they can only be asked for."""
    seed: str = "sinergi"
    receipt_after_seconds: float = 0.2
    late_after_seconds: float = 3.0
    hang_seconds: float = 20.0
    late_per_mille: int = Field(default=50, ge=0, le=1000)
    repeated_per_mille: int = Field(default=30, ge=0, le=1000)
    lost_per_mille: int = Field(default=20, ge=0, le=1000)
    failed_per_mille: int = Field(default=0, ge=0, le=1000)
    messages_kept: int = Field(default=100_000, ge=1)
    """Older messages are forgotten beyond this number."""
    status_file: Path | None = None
    """Where statuses are kept over a restart; none: in memory only."""
    sent_file: Path | None = None
    """Where every message taken is recorded, for tests that count them; none: nowhere."""

    @property
    def shares(self) -> Shares:
        """The lots of ordinary messages."""
        return Shares(self.late_per_mille, self.repeated_per_mille, self.lost_per_mille, self.failed_per_mille)
