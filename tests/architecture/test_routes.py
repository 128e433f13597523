"""Who may call what: every route says so, every act is done once, reads change nothing."""

from collections.abc import Iterator

from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts

from chassis.auth import Role
from chassis.http import _act_edge
from chassis.service import Service

PUBLIC = {
    "GET /health/live", "GET /health/ready", "GET /metrics",
    "GET /session", "POST /session",  # the console's sign-in form: there is no officer yet
    "POST /receipts/sms",  # the SMS gateway is no officer: it signs what it sends
}  # fmt: skip
WITHOUT_KEY = {
    "POST /people/search": "a search whose words must not stand in an address",
    "POST /people/resolve": "a look-up whose NIKs must not stand in an address",
    "POST /contacts/lookup": "a look-up that leaves an access record each time it is asked",
    "POST /admin/parked/{message_id}/open": "a look-up that leaves an audit and an access record each time it is asked",
    "POST /admin/mends/{mend_id}/open": "a look-up that leaves an audit and an access record each time it is asked",
    "POST /receipts/sms": "a final state never changes, however often a receipt comes",
    "POST /session": "sets a cookie, changes nothing on the server",
}

NOT_IN_BULK = {
    "POST /imports": "its body is a file",
    "POST /bulk": "is the bulk form",
    "POST /bulk/{job_id}/retry-failed": "is about many already",
    "POST /jobs/{job_id}/cancel": "an officer looks at one job",
    "POST /jobs/{job_id}/retry": "an officer looks at one job",
}
"""And what operators mend below /admin, each after a look."""


def routes_of(service: Service) -> Iterator[tuple[str, RouteContext]]:
    """`"GET /path"` and the route, for each route of the application."""
    for route in iter_route_contexts(service.app.routes):
        if route.path != "/openapi.json":
            yield from ((f"{method} {route.path}", route) for method in sorted(route.methods or ()))


def acts(dependant: Dependant) -> bool:
    """Whether the endpoint gets an `Act`, and so demands an Idempotency-Key."""
    return any(inner.call is _act_edge or acts(inner) for inner in dependant.dependencies)


def test_every_route_declares_who_may_call_it(service: Service) -> None:
    for name, route in routes_of(service):
        declared = route.openapi_extra or {}
        assert name in PUBLIC if declared.get("x-public") else declared.get("x-roles"), name
    assert len(list(routes_of(service))) > len(PUBLIC), "the walk finds no routes"


def test_every_post_is_an_act_with_an_idempotency_key(service: Service) -> None:
    for name, route in routes_of(service):
        method = name.split()[0]
        assert method in {"GET", "POST"}, f"{name}: corrections are new facts, so there is nothing to put or delete"
        assert acts(route.dependant) == (method == "POST" and name not in WITHOUT_KEY), name


def test_an_auditor_reads_and_changes_nothing(service: Service) -> None:
    for name, route in routes_of(service):
        if acts(route.dependant):
            assert Role.AUDITOR not in route.openapi_extra["x-roles"], name


def test_an_operation_means_the_same_everywhere_in_a_service(service: Service) -> None:
    roles: dict[str, list[str]] = {}
    for name, route in routes_of(service):
        declared = route.openapi_extra or {}
        if operation := declared.get("x-permission"):
            assert roles.setdefault(operation, declared["x-roles"]) == declared["x-roles"], f"{name}: {operation}"


def test_every_act_has_its_bulk_form(service: Service) -> None:
    for name, route in routes_of(service):
        if acts(route.dependant):
            alone = name in NOT_IN_BULK or name.startswith("POST /admin/")
            assert (route.path in service.inside.acts) != alone, name
