"""`sinergi up`."""

from typing import Annotated

import typer

from cli.output import console
from cli.running import started_stack
from deploy.local.home import default_home
from deploy.local.options import SERVICES, from_environment


def up(
    port_base: Annotated[
        int | None, typer.Option(help="First of the ports to use; 8100 for the services otherwise.")
    ] = None,
    only: Annotated[str, typer.Option(help="Start only these services, separated by commas.")] = "",
) -> None:
    """Start the embedded stack and stay until Ctrl-C."""
    services = tuple(name.strip() for name in only.split(",")) if only else SERVICES
    try:
        with started_stack(default_home(), from_environment(port_base=port_base, services=services)) as stack:
            for name, service in stack.state["services"].items():
                console.print(f"[bold]{name:<14}[/bold] {service['url']}")
            console.print(f"[bold]{'traces':<14}[/bold] {stack.state['zipkin_url']}/zipkin")
            console.print("Ready. Ctrl-C stops everything; the data stays.")
            stack.watch()
    except KeyboardInterrupt:
        return
