"""Server-rendered pages: Jinja with autoescape, gettext and Indonesian forms of dates and money."""

from datetime import date, datetime
from functools import cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_currency
from jinja2 import Environment, PackageLoader, StrictUndefined

from chassis.i18n import Language, translate

_LOCALES = {Language.INDONESIAN: "id_ID", Language.ENGLISH: "en_GB"}


@cache
def _environment(package: str, language: Language, zone: str) -> Environment:
    environment = Environment(
        loader=PackageLoader(package, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    locale = _LOCALES[language]
    say = partial(translate, package, language)
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        say, lambda one, many, count: say(one if count == 1 else many), newstyle=True
    )
    environment.filters["day"] = lambda value: _day(value, locale)
    environment.filters["moment"] = lambda value: _moment(value, locale, ZoneInfo(zone))
    environment.filters["second"] = lambda value: _second(value, locale, ZoneInfo(zone))
    environment.filters["rupiah"] = lambda value: format_currency(
        value, "IDR", locale=locale, format="¤#,##0", currency_digits=False
    )
    return environment


def _day(value: date, locale: str) -> str:
    return format_date(value, "long", locale=locale)


def _moment(value: datetime, locale: str, zone: ZoneInfo) -> str:
    return format_datetime(value.astimezone(zone), "d MMM y HH.mm", locale=locale)


def _second(value: datetime, locale: str, zone: ZoneInfo) -> str:
    """With the zone's own name (WIB), which is the same in both languages: compared with logs, which are in UTC."""
    local = value.astimezone(zone)
    return f"{format_datetime(local, 'd MMM y HH.mm.ss', locale=locale)} {local.tzname()}"


def render(package: str, template: str, language: Language, zone: ZoneInfo, **values: Any) -> str:
    """A page of the service's `templates/`; a value that is missing raises instead of printing nothing."""
    environment = _environment(package, language, zone.key)
    return environment.get_template(template).render(language=language.value, **values)
