"""`sinergi demo`."""

import threading
from typing import Annotated

import typer

from cli.output import console
from cli.running import running_state, started_stack
from deploy.local.errors import StackError
from deploy.local.home import Home, default_home
from deploy.local.installation import require_demo
from deploy.local.issuer import Issuer
from deploy.local.options import Options, from_environment


def demo(
    once: Annotated[bool, typer.Option(help="Stop the stack when the scenario has ended.")] = False,
    port_base: Annotated[int | None, typer.Option(help="First of the ports to use.")] = None,
) -> None:
    """Play Tegal 2023: 298 synthetic people from the list to the handover and beyond."""
    home = default_home()
    require_demo(home, "The demo")
    options = from_environment(port_base=port_base)
    if options.issuer or options.postgres_url or options.kafka_bootstrap_servers:
        raise StackError(
            "The demo plays on the embedded stack only: unset AUTH_ISSUER, POSTGRES_URL and KAFKA_BOOTSTRAP_SERVERS."
        )
    try:
        code = _play(home, options, once)
    except KeyboardInterrupt:
        code = 130
    raise typer.Exit(code)


def _play(home: Home, options: Options, once: bool) -> int:
    from demo.main import run

    mint = Issuer(home).mint
    if state := running_state(home):
        console.print("Plays on the stack that runs already.")
        return int(run(state, mint))
    with started_stack(home, options) as stack:
        watcher = threading.Thread(target=stack.watch, name="supervisor", daemon=True)
        watcher.start()
        code = int(run(stack.state, mint))
        if not once:
            console.print("The stack stays up. Ctrl-C stops it; the data stays.")
            try:
                watcher.join()
            except KeyboardInterrupt:
                return code
        return code
