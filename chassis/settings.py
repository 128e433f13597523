"""The settings every service has; each service's own `settings.py` is the only reader of the environment."""

from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Read from environment variables of the same name in capitals."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    database_url: str
    """`postgresql://` URL of the application role: bound by row-level security."""
    worker_database_url: str
    """`postgresql://` URL of the worker role: consumers, relay, timers and jobs."""
    kafka_bootstrap_servers: str = "127.0.0.1:9094"
    service_roles: str = "api,worker"
    """Which parts this process runs: `api`, `worker`, or both."""
    http_host: str = "127.0.0.1"
    http_port: int = 0

    auth_issuer: str
    auth_audience: str = "sinergi"
    auth_jwks: str
    """The issuer's public keys: a file path or an https URL of a JWKS."""
    administrators_file: Path | None = None
    """Administrators named by `sinergi first-administrator`; read at start."""
    service_token_file: Path | None = None
    """Bearer token of this service's own identity, renewed by whoever runs it."""

    service_instance: str = ""
    """Stable name of this process among its service's replicas; a restarted one then takes its partitions back at
    once (static group membership) instead of waiting for the dead member's session to end. Empty: dynamic."""
    deployment: str = "local"
    """Names this installation in the `source` of every event."""
    region_timezone: str = "Asia/Jakarta"
    encryption_keys_file: Path
    traces_exporter: Literal["none", "zipkin", "otlp"] = "none"
    traces_endpoint: str = ""
    traces_sample_ratio: float = 0.05
    """Share of causal chains whose spans are kept. Looking up a case needs none: `sinergi case` reads archives."""
    stop_when_stdin_closes: bool = False
    """Set by a supervisor: the process ends when its parent is gone, however the parent ended."""
    failpoints_folder: Path | None = None
    """For fault tests: names places at which this process kills or freezes itself (`chassis/failpoints.py`)."""
    request_limit_bytes: int = 16 * 1024 * 1024
    relay_batch_size: int = 1000
    consumer_batch_size: int = 1000
    outbox_depth_limit: int = 5000
    """Bulk jobs wait while more events than this are unsent, what a relay sends in a second: so long, and a chunk
    longer, the event of a single act may stand behind a job's."""

    @property
    def zone(self) -> ZoneInfo:
        """Zone in which a date of this region is meant (WIB, WITA or WIT)."""
        return ZoneInfo(self.region_timezone)

    def runs(self, role: str) -> bool:
        """Whether this process has the role."""
        return role in {part.strip() for part in self.service_roles.split(",")}
