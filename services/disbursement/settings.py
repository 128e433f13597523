"""The only reader of the environment."""

from chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """Settings of disbursement."""

    registry_url: str = "http://127.0.0.1:8100"
    """Address of the registry's API, asked for names when a page is printed."""
    registry_timeout_seconds: float = 5.0
