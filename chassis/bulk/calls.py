"""One call of a list, or of an act for one row."""

import json
import re
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from pydantic import JsonValue

from chassis.auth import Officer
from chassis.bulk.acts import NAME, OneAct, OneList, nested
from chassis.bulk.inside import Answer, Inside
from chassis.bulk.items import Fields
from chassis.i18n import Language
from chassis.problems import INVALID_REQUEST

_IN_PATH = re.compile(r"[\w.:~-]{1,100}", re.ASCII)
"""A slash would begin another route's path."""


async def read_list(
    inside: Inside,
    officer: Officer,
    source: OneList,
    where: Fields,
    after: str | None = None,
    *,
    limit: int,
    language: Language = Language.ENGLISH,
) -> Answer:
    """A page of a list as the officer sees it."""
    unfit = [_fault(f"path.{name}", "invalid") for name in source.names if not _fits(where.get(name))]
    if unfit:
        return _invalid(unfit)
    query: dict[str, Any] = {name: where[name] for name in sorted(source.filters & where.keys())}
    if source.paged:
        query |= {"limit": limit, "after": after}
    told = {name: str(value).lower() if isinstance(value, bool) else value for name, value in query.items()}
    asked = urlencode({name: value for name, value in told.items() if value is not None}, doseq=True)
    return await inside.call(
        officer, "GET", _filled(source.path, where), query=asked, headers={"accept-language": language}
    )


async def do_act(inside: Inside, officer: Officer, act: OneAct, fields: Fields, key: UUID) -> Answer:
    """What the act's own route answers to these fields; done once per key, however often it is called."""
    body = nested({name: value for name, value in fields.items() if name not in act.names})
    faults = [_fault(f"path.{name}", "missing_or_invalid") for name in act.names if not _fits(fields.get(name))]
    if body and not act.fields:
        faults.append(_fault("body.?", "extra_forbidden"))
    if faults:
        return _invalid(faults)
    headers = {
        "idempotency-key": str(key),
        "accept-language": Language.ENGLISH,
        "content-type": "application/json",
    }
    content = json.dumps(body).encode() if act.fields else b""
    return await inside.call(officer, "POST", _filled(act.path, fields), headers=headers, body=content)


def _fits(value: JsonValue) -> bool:
    return isinstance(value, str | int) and _IN_PATH.fullmatch(str(value)) is not None


def _filled(path: str, fields: Fields) -> str:
    return NAME.sub(lambda name: str(fields[name[1]]), path)


def _fault(field: str, rule: str) -> dict[str, str]:
    return {"field": field, "rule": rule, "message": "Field required, of a form that fits"}


def _invalid(errors: list[dict[str, str]]) -> Answer:
    problem = {"type": "urn:sinergi:problem:invalid-request", "title": INVALID_REQUEST, "status": 422, "errors": errors}
    return Answer(422, json.dumps(problem).encode())
