"""Bahasa Indonesia first, English second: gettext catalogues read straight from each service's `locale/id.po`."""

from enum import StrEnum
from functools import cache
from importlib.resources import files

from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from starlette.requests import Request


class Language(StrEnum):
    """Languages of screens and messages; source texts are English."""

    INDONESIAN = "id"
    ENGLISH = "en"

    @classmethod
    def of(cls, request: Request) -> "Language":
        """The language a request prefers; Indonesian unless English is asked for first."""
        preferred = request.headers.get("accept-language", "").lower().strip()
        return cls.ENGLISH if preferred.startswith("en") else cls.INDONESIAN


@cache
def _catalogue(package: str) -> dict[str, str]:
    path = files(package) / "locale" / "id.po"
    if not path.is_file():
        return {}
    with path.open("rb") as stream:
        messages = read_po(stream, locale="id")
    return {str(message.id): str(message.string) for message in messages if message.id and message.string}


def translate(package: str, language: Language, text: str, /, **values: object) -> str:
    """The text in the language: the service's own catalogue first, then the chassis's; else the English source.

    `values` replace their names in braces, numbers as the language writes them.
    """
    if language is not Language.ENGLISH:
        text = _catalogue(package).get(text) or _catalogue("chassis").get(text, text)
    for name, value in values.items():
        told = format_decimal(value, locale=language) if isinstance(value, int) else str(value)
        text = text.replace(f"{{{name}}}", told)
    return text
