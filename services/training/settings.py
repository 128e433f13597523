"""The only reader of the environment of this service."""

from chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """Training needs nothing beyond what every service needs."""
