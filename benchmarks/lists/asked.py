"""How a route is asked, and how the pages in its middle and at its end are found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

OFFICERS: Final = ("petugas", "verifikator", "penetap", "operator", "administrator")
SCOPED: Final = "agency, region_code, id"
NEWEST: Final = "agency DESC, region_code DESC, id DESC"


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter by its parameters, and the same as a condition on the rows; names in braces are `Subjects`."""

    name: str
    params: Mapping[str, str] = field(default_factory=dict)
    where: str = "true"
    instead: Mapping[str, str] = field(default_factory=dict)
    """Subjects that take the place of others, in the route's path and wherever else it names them."""


ALL: Final = Filter("all")


@dataclass(frozen=True, slots=True)
class Route:
    """A route as it is asked: with each filter, on the first page, one in the middle, and the last."""

    path: str
    rows: str = ""
    """Where its pages' rows come from, for a cursor in the middle; empty: it has no pages."""
    filters: tuple[Filter, ...] = (ALL,)
    key: str = "id"
    """Where a page went on, in a list that is not in the order of agency and village."""
    order: str = SCOPED
    within: str = "agency = 'dinsos' AND region_code LIKE '{region}%'"
    """What of the rows an officer of the region sees."""
    after: str = "after"
    roles: tuple[str, ...] = OFFICERS
    body: Mapping[str, str] | None = None
    """Sent by POST, for a search whose words must not stand in an address; parameters go into it."""

    @property
    def name(self) -> str:
        """As the router has it."""
        return f"{'GET' if self.body is None else 'POST'} {self.path}"

    @property
    def is_scoped(self) -> bool:
        """Whether it is paged by `fetch_scoped_page`, behind places."""
        return self.order.startswith("agency")


def states(*names: str, column: str = "state") -> tuple[Filter, ...]:
    """A filter for each of the states."""
    return tuple(Filter(f"{column}={name}", {column: name}, f"{column} = '{name}'") for name in names)


def by(column: str, subject: str = "", rows: str = "") -> Filter:
    """A filter by the id of a subject, or by its code."""
    value = "{" + (subject or column) + "}"
    return Filter(column, {column: value}, f"{rows}{column} = '{value}'")


def giant(rows: str = "") -> Filter:
    """By the programme that has a tenth of all people: told apart, since it grows with them."""
    return Filter("giant programme", {"programme_id": "{giant}"}, f"{rows}programme_id = '{{giant}}'")


OF_GIANT: Final = Filter("giant programme", instead={"programme_id": "giant", "programme": "giant"})
"""The same for a route whose path names the programme."""


def region(parameter: str = "region") -> Filter:
    """By one village, for a reader who sees more."""
    return Filter(parameter, {parameter: "{village}"}, "region_code = '{village}'")


def one(path: str) -> Route:
    """A route that answers with one thing, or a count."""
    return Route(path)
