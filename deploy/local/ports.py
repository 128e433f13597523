"""Ports on the loopback address: the wanted one, or a free one when it is taken."""

import socket

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether nothing listens on this loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def choose_port(wanted: int, taken: set[int] | None = None) -> int:
    """The wanted port if it is free and not in `taken`, otherwise any free one; adds the choice to `taken`."""
    taken = set() if taken is None else taken
    port = wanted
    while not port or port in taken or not is_free(port):
        port = free_port()
    taken.add(port)
    return port


def accepts_connections(port: int) -> bool:
    """Whether a server answers on this loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0
