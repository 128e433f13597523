"""Names in a request's query. One that a route does not know is refused: a filter passed over would show everybody."""

from types import UnionType
from typing import Any, Union, get_args, get_origin

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel


def refuse_unknown_names(request: Request) -> None:
    """Raises RequestValidationError, which says what the route knows."""
    if not request.query_params:
        return
    known = query_names(request.scope["route"].dependant)
    # The name is the sender's own text, and not repeated.
    message = f"Not known here; known: {', '.join(sorted(known)) or 'none'}"
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        raise RequestValidationError(
            [{"type": "extra_forbidden", "loc": ("query", name), "msg": message} for name in unknown]
        )


def query_names(dependant: Dependant) -> set[str]:
    """Names that a route, or what it depends on, reads from the query."""
    names: set[str] = set()
    for param in dependant.query_params:
        models = models_in(param.field_info.annotation)
        names |= {name for model in models for name in model.model_fields} or {param.alias}
    return names.union(*(query_names(inner) for inner in dependant.dependencies))


def models_in(annotation: Any) -> tuple[type[BaseModel], ...]:
    """The models that a body or a query may be: one, or each of a union."""
    if get_origin(annotation) in {Union, UnionType}:
        return tuple(model for part in get_args(annotation) for model in models_in(part))
    return (annotation,) if isinstance(annotation, type) and issubclass(annotation, BaseModel) else ()
