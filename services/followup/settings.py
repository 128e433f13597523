"""The only reader of this service's environment."""

from chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """Nothing of its own: schedules and rules are rows with versions, not settings."""
