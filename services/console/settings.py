"""The only reader of the environment of this service."""

from chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """Where the console's links and its questions lead."""

    registry_url: str = "http://127.0.0.1:8100"
    training_url: str = "http://127.0.0.1:8101"
    disbursement_url: str = "http://127.0.0.1:8102"
    followup_url: str = "http://127.0.0.1:8103"
    notifications_url: str = "http://127.0.0.1:8104"
    console_url: str = "http://127.0.0.1:8105"
    zipkin_ui_url: str = ""
    """Address under which an officer's browser finds Zipkin; empty: no links to traces."""
    registry_timeout_seconds: float = 3.0
    session_cookie_secure: bool = False
    """True wherever the console is reached by https."""

    @property
    def service_urls(self) -> dict[str, str]:
        """All services by name, the console itself among them: it hears events too."""
        return {
            "registry": self.registry_url,
            "training": self.training_url,
            "disbursement": self.disbursement_url,
            "followup": self.followup_url,
            "notifications": self.notifications_url,
            "console": self.console_url,
        }
