"""Every route of the registry, for every role: allowed where the table of the manual says so, refused elsewhere."""

import re

from fastapi.routing import APIRoute

from chassis.auth import Role
from chassis.ids import new_id
from services.registry.api import ROUTES
from tests.support.service import ServiceUnderTest

OFFICERS = {Role.PETUGAS, Role.VERIFIKATOR, Role.PENETAP, Role.PENDAMPING}
ALLOWED = {
    "imports.upload": {Role.PETUGAS},
    "imports.withdraw": {Role.PETUGAS},
    "imports.decide": {Role.VERIFIKATOR},
    "imports.read": {Role.PETUGAS, Role.VERIFIKATOR, Role.AUDITOR},
    "people.list": OFFICERS | {Role.AUDITOR},
    "people.read": OFFICERS | {Role.SERVICE, Role.AUDITOR},
    "people.search": {Role.PETUGAS, Role.VERIFIKATOR},
    "people.resolve": {Role.PETUGAS, Role.VERIFIKATOR, Role.SERVICE},
    "contacts.lookup": OFFICERS | {Role.KEPALA_DESA, Role.SERVICE},
    "regions.read": set(Role),
    "corrections.propose": {Role.PETUGAS},
    "corrections.withdraw": {Role.PETUGAS},
    "corrections.decide": {Role.VERIFIKATOR},
    "corrections.read": {Role.PETUGAS, Role.VERIFIKATOR, Role.AUDITOR},
    "memberships.enter": {Role.PETUGAS},
    "assistance.read": {Role.PETUGAS, Role.VERIFIKATOR, Role.PENETAP, Role.AUDITOR},
    "assistance.propose_answer": {Role.PETUGAS},
    "assistance.decide_answer": {Role.VERIFIKATOR, Role.PENETAP},
}


async def test_each_role_may_do_what_the_table_says_and_no_more(registry: ServiceUnderTest) -> None:
    routes = [route for router in ROUTES for route in router.routes if isinstance(route, APIRoute)]
    assert {(route.openapi_extra or {})["x-permission"] for route in routes} == set(ALLOWED)
    for role in Role:
        client = registry.as_(role)
        for route in routes:
            operation = (route.openapi_extra or {})["x-permission"]
            path = re.sub(r"\{[a-z_]+\}", str(new_id()), route.path)
            (method,) = route.methods or set()
            response = await (client.post(path, json={}) if method == "POST" else client.get(path))
            refused = response.status_code == 403
            assert refused == (role not in ALLOWED[operation]), (role, method, route.path, response.status_code)


async def test_nobody_enters_without_a_token(registry: ServiceUnderTest) -> None:
    assert (await registry.client().get("/people")).status_code == 401
