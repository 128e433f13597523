"""`sinergi republish`."""

from typing import Annotated, Any

import typer

from cli.output import console, report
from cli.running import require_running
from cli.services import Services
from contracts.catalogue import TOPICS
from deploy.local.home import default_home
from deploy.local.provision import create_topics
from deploy.local.waiting import run_async


def republish(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Send every service's archive again, in order, into a broker whose log was lost; only where one was lost.

    Consumers drop what they know already. Jobs wait until the archives are out.
    """
    services = Services()
    views: dict[str, dict[str, Any]] = {name: services.get(name, "/admin/outbox") for name in services.urls}
    logs = {name: view["log_replaced_by"] for name, view in views.items() if view["log_replaced_by"]}
    if not logs:
        console.print("No service has found its log replaced: there is nothing to send again.")
        return
    if not yes:
        typer.confirm(f"Send everything that {', '.join(logs)} ever told into the new log?", abort=True)
    run_async(create_topics(require_running(default_home())["kafka_bootstrap_servers"], TOPICS))
    for name, log_identity in logs.items():
        body = {"log_identity": log_identity}
        services.post(name, "/admin/outbox/republish", body, idempotency_key=f"republish-{log_identity}")
        report(name, "ordered")
    console.print("The relays send now, in order. `sinergi outbox` shows what is left.")
