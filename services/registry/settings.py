"""What may be configured in the registry."""

from pydantic import Field, field_validator

from chassis.settings import ServiceSettings
from services.registry.domain.membership import Scheme

_OWNER_DEFAULT = "dinsos"


class Settings(ServiceSettings):
    """Read from the environment, field names in capitals."""

    list_limit_bytes: int = 8_000_000
    """A larger list is refused with 413 before it is read."""
    list_limit_rows: int = 20_000
    """A longer list is refused with 422: split it."""
    assistance_owners: dict[Scheme, str] = Field(default_factory=lambda: dict.fromkeys(Scheme, _OWNER_DEFAULT))
    """Agency that owns each kind of social assistance and alone may end it."""

    @field_validator("assistance_owners")
    @classmethod
    def one_owner_of_all(cls, owners: dict[Scheme, str]) -> dict[Scheme, str]:
        """A graduation is answered once, so the schemes of a deployment need one owner between them."""
        if set(owners) != set(Scheme) or len(set(owners.values())) != 1:
            raise ValueError("assistance_owners must name every scheme, all with the same owner agency")
        return owners

    @property
    def assistance_owner(self) -> str:
        """The agency that answers graduation proposals."""
        return next(iter(self.assistance_owners.values()))
