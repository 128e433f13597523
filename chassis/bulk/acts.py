"""Acts and lists of a service as bulk work knows them: read off its routes, so that nothing is declared twice."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, get_args, get_origin
from uuid import UUID

from fastapi.routing import APIRoute
from pydantic import BaseModel

from chassis.auth import Permission, Role
from chassis.http import Routes, is_act
from chassis.paging import NumberedPage, Page
from chassis.query import models_in, query_names

NAME = re.compile(r"\{(\w+)\}")
"""A name in a route's path."""
DEPTH_LIMIT = 5
"""Objects within objects that a name may reach into."""


@dataclass(frozen=True, slots=True)
class OneAct:
    """A POST route by which an officer does one thing."""

    path: str
    permission: Permission
    names: tuple[str, ...]
    """Names in the path."""
    fields: frozenset[str]
    """Fields of the body; none where it has no body."""
    ids: tuple[str, ...]
    """Fields by which somebody finds whom a row is about, those of the path first."""

    def unknown(self, names: Iterable[str]) -> list[str]:
        """Which of these fields it does not have; of an object's, the object."""
        return [name for name in names if name.split(".", 1)[0] not in {*self.fields, *self.names}]


@dataclass(frozen=True, slots=True)
class OneList:
    """A GET route that shows many things: whole, or page by page behind `after`."""

    path: str
    names: tuple[str, ...]
    filters: frozenset[str]
    """Names in the query, but for those of paging."""
    listed: frozenset[str]
    """Fields of each thing."""
    paged: bool


def acts_of(routers: Iterable[Routes]) -> dict[str, OneAct]:
    """The acts by path: each POST with an Idempotency-Key, but for uploads, whose body is a file."""
    found: dict[str, OneAct] = {}
    for route in _declared(routers, "POST"):
        if is_act(route.dependant) and not _reads_a_file(route):
            names = tuple(NAME.findall(route.path))
            models = () if route.body_field is None else models_in(route.body_field.field_info.annotation)
            fields = frozenset(name for model in models for name in model.model_fields)
            ids = sorted({name for model in models for name in _ids(model)} - set(names))
            found[route.path] = OneAct(route.path, _permission(route), names, fields, (*names, *ids))
    return found


def lists_of(routers: Iterable[Routes]) -> dict[str, OneList]:
    """The lists by path."""
    found: dict[str, OneList] = {}
    for route in _declared(routers, "GET"):
        shown, query = _listed(route.response_model), query_names(route.dependant)
        paged = {"after", "limit"} <= query
        if shown is not None and (paged or get_origin(route.response_model) is list):
            filters, listed = frozenset(query - {"after", "limit"}), frozenset(shown.model_fields)
            found[route.path] = OneList(route.path, tuple(NAME.findall(route.path)), filters, listed, paged)
    return found


def _reads_a_file(route: APIRoute) -> bool:
    """Whether the act reads the raw body itself."""
    return route.body_field is None and route.dependant.request_param_name is not None


def _declared(routers: Iterable[Routes], method: str) -> Iterator[APIRoute]:
    """Routes that ask for a permission."""
    for route in (route for router in routers for route in router.routes):
        if (
            isinstance(route, APIRoute)
            and method in (route.methods or ())
            and "x-permission" in (route.openapi_extra or {})
        ):
            yield route


def _permission(route: APIRoute) -> Permission:
    declared = route.openapi_extra or {}
    return Permission(declared["x-permission"], {Role(role) for role in declared["x-roles"]})


def ids_among(fields: Mapping[str, Any], names: Iterable[str]) -> dict[str, UUID]:
    """The ids of these names; whatever else stands in their place is the sender's own text and stays out."""
    objects = nested(fields)
    found = {name: _uuid(reduce(_within, name.split("."), objects)) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def nested(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields with dotted names put into the objects that they name."""
    result = {name: value for name, value in fields.items() if not 0 < name.count(".") < DEPTH_LIMIT}
    for name in [name for name in fields if name not in result]:
        outer, _, inner = name.partition(".")
        if isinstance(objects := result.get(outer, {}), dict):
            result[outer] = nested({**objects, inner: fields[name]})
        else:
            # The act refuses it, and says so in the row.
            result[name] = fields[name]
    return result


def _ids(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        if name.endswith("_id"):
            yield name
        yield from (f"{name}.{inner}" for part in models_in(field.annotation) for inner in _ids(part))


def _within(objects: Any, name: str) -> Any:
    return objects.get(name) if isinstance(objects, dict) else None


def _listed(answer: Any) -> type[BaseModel] | None:
    if isinstance(answer, type) and issubclass(answer, Page | NumberedPage):
        answer = answer.model_fields["items"].annotation
    shown = models_in(get_args(answer)[0]) if get_origin(answer) is list else ()
    return shown[0] if shown else None


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(value)
    except (ValueError, TypeError, AttributeError):
        return None
