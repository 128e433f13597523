"""Named refusals: what a rule says no to, told without personal data. Pure Python, so that domains may use it."""

import re
from datetime import date
from typing import ClassVar
from uuid import UUID

FactValue = str | int | bool | date | UUID | list[str] | None
"""What a refusal may tell about its circumstances: codes, ids, numbers, dates; never a name or a NIK."""


class Refusal(Exception):
    """A rule refuses. One subclass per reason; its name is the problem's code.

    `title` is the English sentence (msgid of the service's `locale/id.po`), `facts` what the caller needs to mend it.
    `detail`, where there is one, is a second such sentence that names facts in braces: a limit must stand in words.
    """

    status: ClassVar[int] = 409
    title: ClassVar[str] = "The request was refused"
    detail: ClassVar[str] = ""

    def __init__(self, **facts: FactValue) -> None:
        super().__init__(self.code)
        self.facts = facts

    @property
    def code(self) -> str:
        """The refusal's name in kebab case, stable for clients."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", type(self).__name__).lower()


class NotFound(Refusal):
    """The thing named does not exist, or not within the caller's scope."""

    status = 404
    title = "Not found"


class Conflict(Refusal):
    """The state of the thing does not allow this."""

    title = "The current state does not allow this"


class StaleVersion(Conflict):
    """The caller decided on a version that is no longer the newest."""

    title = "The data changed since it was read; read it again and decide again"


class SamePerson(Conflict):
    """Four eyes: maker and checker must differ."""

    title = "Maker and checker must be different persons"


class Unprocessable(Refusal):
    """The content of the request breaks a rule."""

    status = 422
    title = "The request breaks a rule"


class NotAllowed(Refusal):
    """The caller's rights do not cover this."""

    status = 403
    title = "Your rights do not cover this"


class NotSignedIn(Refusal):
    """No valid bearer token."""

    status = 401
    title = "A valid access token is required"


class BadRequest(Refusal):
    """The request cannot be understood."""

    status = 400
    title = "The request cannot be understood"


class TooLarge(Refusal):
    """The request is larger than the stated limit."""

    status = 413
    title = "The request is larger than allowed"
    detail = "At most {limit_bytes} bytes"
