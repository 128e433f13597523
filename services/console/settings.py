"""The only reader of the environment of this service."""

from chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """Where the console's links and its one question lead."""

    registry_url: str = "http://127.0.0.1:8100"
    disbursement_url: str = "http://127.0.0.1:8102"
    zipkin_ui_url: str = ""
    """Address under which an officer's browser finds Zipkin; empty: no links to traces."""
    registry_timeout_seconds: float = 3.0
    session_cookie_secure: bool = False
    """True wherever the console is reached by https."""
